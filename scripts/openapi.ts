/**
 * Writes proto/gen/openapi.json. Argument: a descriptor image with source info, whose comments
 * become descriptions.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { packageFile } from '../lib/config/package-root';
import { openApiDocument } from '../services/controller/gateway/openapi/document';
import { loadDescriptors } from '../services/controller/rpc/descriptors';

const [image] = process.argv.slice(2);
if (image === undefined) throw new Error('usage: openapi.ts IMAGE');
const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string };
const document = openApiDocument(loadDescriptors(readFileSync(image)), version);
writeFileSync(packageFile('proto', 'gen', 'openapi.json'), `${JSON.stringify(document, undefined, 1)}\n`);
