import { credentialSourcesCommand } from '../../resources/credential-source-edits';

export const command = credentialSourcesCommand('remove');
