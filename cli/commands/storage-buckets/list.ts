import { listCommand } from '../../core/builders';
import { storageBuckets } from '../../resources/storage-buckets';

export const command = listCommand(storageBuckets, { examples: ['storage-buckets list'] });
