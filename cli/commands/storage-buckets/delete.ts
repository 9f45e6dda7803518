import { deleteCommand } from '../../core/builders';
import { storageBuckets } from '../../resources/storage-buckets';

export const command = deleteCommand(storageBuckets, { examples: ['storage-buckets delete -id sb_1234567890'] });
