/** Methods whose HTTP side is not like that of the others, by full name. */

/** Its answer can go into cookies. */
export const AUTHENTICATE = 'sallyport.api.v1.AuthMethodService/Authenticate';
/**
 * Deletes that answer 200 with an empty object, as existing clients expect, where others answer
 * 204.
 */
export const DELETE_WITH_BODY = new Set(['sallyport.api.v1.AuthMethodService/DeleteAuthMethod']);
/** A stream of bytes where it is served; its refusals have a form of their own. */
export const DOWNLOAD = 'sallyport.api.v1.SessionRecordingService/Download';
