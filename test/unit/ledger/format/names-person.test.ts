import { describe, expect, test } from '@jest/globals';
import { namesPerson, roughly } from '../../../../src/ledger/format/names-person.ts';

const alice = { githubId: 4711, words: ['alice', 'alice_acme', 'Zoë Müller', 'a.b+c@example.com'] };
const text = (value: string) => Buffer.from(value);
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

describe('a document names a person', () => {
  test.each<[string, Uint8Array]>([
    ['by a login in text', text('approved by @Alice.')],
    ['by a login that quotes surround', text('“alice”’s work')],
    ['by an enterprise’s login', text('alice_acme')],
    ['by a login as a value', json({ login: 'alice' })],
    ['by a login as a key', json({ reviews: { alice: 1 } })],
    ['by a login after an escape', json({ message: 'Mend it\nalice did' })],
    ['by a login in JSON within JSON', json({ text: '{"user":"alice"}' })],
    ['by a login before a possessive', json('alice’s approval')],
    ['by an e-mail', json({ email: 'A.B+C@example.com' })],
    ['by a name', json({ name: 'zoë müller' })],
    ['by an id', json({ author: { id: 4711 } })],
    ['by an id of another key', json([{ user_id: 4711 }, 1])],
    ['by an id among ids', json({ reviewerIds: [1, 4711] })],
    ['by an id as text', json({ id: '4711' })],
    ['by the e-mail that GitHub gives out', json('4711+old-login@users.noreply.example')],
    ['though bytes around it are no text', Buffer.concat([Buffer.from([0xff, 0, 0xfe]), text(' alice ')])],
  ])('%s', (_, body) => {
    expect(namesPerson(body, alice)).toBe(true);
    const rough = body.toString().toLowerCase();
    expect(roughly(alice).some((run) => rough.includes(run))).toBe(true);
  });
});

describe('a document names nobody', () => {
  test.each<[string, Uint8Array]>([
    ['by a part of a login', json({ logins: ['malice', 'alices', 'alice-2', 'my-alice', 'alice_x'] })],
    ['by a number that is equal', json({ number: 4711, bytes: [4711] })],
    ['by text that is equal to an id', json({ title: '4711' })],
    ['by a longer number', json('14711+x')],
    ['by dots that stand for any letter', json('aXb+c@example.com')],
    ['with nothing in it', text('')],
    ['by null', text('null')],
  ])('%s', (_, body) => {
    expect(namesPerson(body, alice)).toBe(false);
  });
});

test('what has no plain letter is looked for everywhere', () => {
  expect(roughly({ githubId: 1, words: ['Ωμέγα'] })).toContain('');
});
