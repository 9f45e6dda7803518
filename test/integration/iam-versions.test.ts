/**
 * Edits of members and accounts hold for the version that the caller has seen, whatever others do
 * meanwhile.
 */
import { row, sql, transaction } from '../../services/controller/db/db';
import { waitFor } from '../harness/wait';
import { IDS, startIam, type Iam } from './iam-controller';

let iam: Iam;
let admin: string;
beforeAll(async () => {
  iam = await startIam();
  admin = await iam.login('admin');
});
afterAll(() => iam.close());

const call = async (method: string, request: object): Promise<any> => (await iam.call(method, request, admin)).item;
const newUser = () => call('UserService/CreateUser', { item: { scope_id: 'global' } });
const newAccount = () =>
  call('AccountService/CreateAccount', {
    item: { auth_method_id: IDS.method, attributes: { login_name: 'carla', password: 'passpass' } },
  });

/**
 * Another writer's change of `table` begins before the request is read and ends before the request
 * is carried out.
 */
async function meanwhile(table: 'groups' | 'users', change: ReturnType<typeof sql>[], method: string, request: object) {
  const { db, clock } = iam.deps;
  let answer: Promise<unknown> | undefined;
  await transaction(db, clock.now(), async (tx) => {
    await sql`lock table ${sql.ref(table)} in share mode`.execute(tx);
    for (const statement of change) await statement.execute(tx);
    answer = iam.refusal(method, request, admin);
    let settled = false;
    answer.catch(() => undefined).finally(() => (settled = true));
    const blocked = sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await waitFor('the request', async () => settled || row(db.executor, blocked));
  });
  return answer;
}

test('a version that comes only after the list was read is refused: it holds what others have added', async () => {
  const [group, member, other] = [
    await call('GroupService/CreateGroup', { item: { scope_id: 'global' } }),
    await newUser(),
    await newUser(),
  ];
  const added = [
    sql`insert into group_members (group_id, user_id) values (${group.id}, ${other.id})`,
    sql`update groups set version = 2 where id = ${group.id}`,
  ];
  const members = { id: group.id, version: 2, member_ids: [member.id] };
  expect(await meanwhile('groups', added, 'GroupService/SetGroupMembers', members)).toMatchObject({ status: 404 });
  const { member_ids } = await call('GroupService/SetGroupMembers', members);
  expect(member_ids).toEqual([member.id]);

  const [user, account] = [await newUser(), await newAccount()];
  const changed = [sql`update users set version = 2 where id = ${user.id}`];
  const accounts = { id: user.id, version: 2, account_ids: [account.id] };
  expect(await meanwhile('users', changed, 'UserService/SetUserAccounts', accounts)).toMatchObject({ status: 404 });
  expect((await call('UserService/SetUserAccounts', accounts)).account_ids).toEqual([account.id]);
});
