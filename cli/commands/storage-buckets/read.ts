import { readCommand } from '../../core/builders';
import { storageBuckets } from '../../resources/storage-buckets';

export const command = readCommand(storageBuckets, { examples: ['storage-buckets read -id sb_1234567890'] });
