/**
 * How mongosh logs in without the password among its arguments: it connects without a login, then evaluates a text that
 * reads user name and password from a file and logs in. The file is JSON, so that it holds any text.
 */
import { checkText } from './inexpressible';

export interface MongoLogin {
  username: string;
  password: string;
}

export function mongoLoginFile({ username, password }: MongoLogin): string {
  checkText('user name', username, 'a login of mongosh');
  checkText('password', password, 'a login of mongosh');
  return JSON.stringify({ user: username, pwd: password });
}

/** Has no value of its own, so that mongosh prints nothing for it. */
export const mongoLoginScript = (path: string, database: string): string =>
  `void db.getSiblingDB(${JSON.stringify(database)}).auth(` +
  `JSON.parse(require("fs").readFileSync(${JSON.stringify(path)}, "utf8")))`;
