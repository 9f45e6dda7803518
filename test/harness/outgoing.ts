/** Requests on behalf of users to servers of a test, which are on this host. */
import { allowedAddresses } from '../../services/controller/outgoing/networks';
import { createOutgoing } from '../../services/controller/outgoing/requests';

export const LOCAL_OUTGOING = createOutgoing(allowedAddresses(['127.0.0.0/8', '::1']));
