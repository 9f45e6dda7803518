/**
 * How mongosh logs in without the password among its arguments: it connects without a login, then
 * evaluates a text that reads user name and password from a file and logs in. The file is JSON, so
 * that it holds any text.
 */
import { checkText, Inexpressible } from './inexpressible';

export interface MongoLogin {
  username: string;
  password: string;
}

const FORMAT = 'a login of mongosh';

export function mongoLoginFile({ username, password }: MongoLogin): string {
  checkText('user name', username, FORMAT);
  checkText('password', password, FORMAT);
  // The driver of mongosh escapes only the first comma and the first equals sign of a name. Servers
  // end the name at a comma, and read these signs as escaped ones.
  if (/,[^]*,/.test(username)) throw new Inexpressible('user name', 'more than one comma', FORMAT);
  if (/=[^]*=(2C|3D)/.test(username))
    throw new Inexpressible('user name', '"=2C" or "=3D" behind another equals sign', FORMAT);
  return JSON.stringify({ user: username, pwd: password });
}

/** The expression has no value, so mongosh prints nothing for it. */
export const mongoLoginScript = (path: string, database: string): string =>
  `void db.getSiblingDB(${JSON.stringify(database)}).auth(` +
  `JSON.parse(require("fs").readFileSync(${JSON.stringify(path)}, "utf8")))`;
