/** What this program is. */
import { readFileSync } from 'node:fs';
import { packageFile } from '../../lib/config/package-root';
import { rows } from './table';

export interface VersionInfo {
  version: string;
}

/** From the package's own description. */
export function versionInfo(): VersionInfo {
  const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as VersionInfo;
  return { version };
}

/** Value column. */
const COLUMN = 23;

export const versionTable = ({ version }: VersionInfo): string[] => [
  '',
  'Version information:',
  ...rows(2, { 'Version Number': version }, COLUMN),
  '',
];
