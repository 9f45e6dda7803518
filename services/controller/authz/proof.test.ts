/**
 * What a proof proves. The lines below an expected error must not compile: `npm run typecheck`
 * fails when one does. What types cannot show runs.
 */
import { DEV, startTestController } from '../../../test/harness/controller';
import { proofIn, proofOf } from '../../../test/harness/proofs';
import { row, sql, transaction, type Tx } from '../db/db';
import { addMembers, removeMembers } from '../groups/groups.store';
import { deleteRow, insertRow, updateRow } from '../resources/changes';
import { createSession, createWorld, NOW, sessionFacts } from '../sessions/sessions.fixture';
import { cancelSession } from '../sessions/sessions.store';
import { updateTarget } from '../targets/targets.store';
import type { Allowed, AllowedItem, AllowedList, Authz, Item } from './authz';
import type { Op } from '../rpc/service';
import type * as proofs from './proof';
import { toMake } from './proof';

const change = { version: 1, columns: { name: 'other' }, now: NOW };

/** Compiled, never called. */
export const typesRefuse = async (tx: Tx, authz: Authz, op: Op, group: Item<'group'>): Promise<void> => {
  const read = await authz.check(op, 'read', group);
  const update = await authz.check(op, 'update', group);
  const add = await authz.check(op, 'add-members', group);
  const create = await authz.check(op, 'create', { type: 'group', scopeId: group.scopeId });
  await updateRow(tx, update, change);

  // @ts-expect-error a proof to read cannot update
  await updateRow(tx, read, change);
  // @ts-expect-error nor delete
  await deleteRow(tx, read);
  // @ts-expect-error one to update cannot delete
  await deleteRow(tx, update);
  // @ts-expect-error one to add cannot remove
  await removeMembers(tx, add, []);
  await addMembers(tx, add, []);
  // @ts-expect-error a proof of a group cannot touch a target
  await updateTarget(tx, update, change);
  // @ts-expect-error the right to make groups is no group that may be made
  await insertRow(tx, create, { columns: {}, now: NOW });
  // @ts-expect-error an action that groups do not have, or a misspelt one
  await authz.check(op, 'authorize-session', group);
  // @ts-expect-error a right on the collection is none on an item
  const item: AllowedItem<'group'> = create;

  const cancel = await authz.check(op, 'cancel', { type: 'session', id: 's_1', scopeId: 'p_1' });
  // @ts-expect-error which session is canceled is what the proof says, there is nothing to say
  // beside it
  await cancelSession(tx, cancel, { id: 's_2', version: 1, now: NOW });
  // @ts-expect-error and the proof says it once
  cancel.id = 's_2';

  // @ts-expect-error no literal is a proof
  const literal: Allowed<'group', 'update'> = { action: 'update', id: group.id, scopeId: group.scopeId };
  // @ts-expect-error nor is a copy of a proof for something else
  const copy: Allowed<'group', 'update'> = { ...update, id: 'g_other' };
  // @ts-expect-error a list is of its own type
  const list: AllowedList<'target'> = await authz.check(op, 'list', { type: 'group', scopeId: group.scopeId });
  // @ts-expect-error the class is not for the taking
  type Taken = typeof proofs.Proof;
  void [item, literal, copy, list, undefined as unknown as Taken];
};

test('a proof for a session cancels that session and no other', async () => {
  const world = await createWorld();
  try {
    const [first, second] = [await createSession(world), await createSession(world)];
    const allowed = proofOf('session', 'cancel', first);
    // What a caller without types would say beside the proof.
    const beside = { id: second, sessionId: second, version: 1, now: NOW };
    expect(await transaction(world.db, NOW, (tx) => cancelSession(tx, allowed, beside))).toBe(true);
    expect(await sessionFacts(world, first)).toMatchObject({ status: 'canceling' });
    expect(await sessionFacts(world, second)).toMatchObject({ status: 'pending' });
  } finally {
    await world.close();
  }
});

test('a proof cannot be changed, and nothing that is derived from one is one', () => {
  'use strict';
  const allowed = proofOf('group', 'update', 'g_1234567890', { scopeId: 'o_1234567890' });
  expect([allowed.id, allowed.scopeId, allowed.action]).toEqual(['g_1234567890', 'o_1234567890', 'update']);
  const open = allowed as unknown as Record<string, unknown>;
  expect(() => (open['id'] = 'g_other')).toThrow(TypeError);
  expect(() => Object.defineProperty(open, 'id', { value: 'g_other' })).toThrow(TypeError);
  const derived = Object.create(allowed, { action: { value: 'delete' } }) as typeof allowed;
  expect(() => derived.id).toThrow(TypeError);
  const copied = { ...allowed } as Partial<typeof allowed>;
  expect(copied.id).toBeUndefined();
  expect(JSON.parse(JSON.stringify(allowed)) as object).toEqual({});
});

test('the right to make items of a collection becomes the proof for one, of the same scope and child of the same item', () => {
  const may = proofIn('account', 'create', 'o_1234567890', 'ampw_1234567890');
  expect(may.id).toBeUndefined();
  const allowed = toMake(may, 'acctpw_1234567890');
  expect([allowed.id, allowed.scopeId, allowed.pin]).toEqual(['acctpw_1234567890', 'o_1234567890', 'ampw_1234567890']);
  expect(() => toMake(may, 'g_1234567890')).toThrow(/no id of this type: account/);
});

test('a store makes and deletes the item of its proof, in the scope of its proof', async () => {
  const controller = await startTestController(() => []);
  try {
    const { db, clock } = controller.deps;
    const now = clock.now();
    const [mine, other] = ['g_aaaaaaaaaa', 'g_bbbbbbbbbb'];
    await transaction(db, now, async (tx) => {
      for (const id of [mine, other]) {
        const allowed = toMake(proofIn('group', 'create', DEV.org), id);
        await insertRow(tx, allowed, { columns: { name: id }, now });
      }
      await deleteRow(tx, proofOf('group', 'delete', mine, { scopeId: DEV.org }));
    });
    const there = (id: string) => row(db.executor, sql`select scope_id from groups where id = ${id}`);
    expect([await there(mine), await there(other)]).toEqual([undefined, { scope_id: DEV.org }]);
  } finally {
    await controller.stop();
  }
});
