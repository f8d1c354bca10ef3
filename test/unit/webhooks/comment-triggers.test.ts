import { describe, expect, test } from '@jest/globals';
import { triggersOf } from '../../../src/webhooks/triggers-of.ts';

const DAVE = { id: 14, login: 'dave', type: 'User' };
const ROBOT = { id: 15, login: 'robot[bot]', type: 'Bot' };

const payload = ({ comment = {}, issue = {}, ...over }: Readonly<Record<string, object | string>> = {}) => ({
  action: 'created',
  sender: DAVE,
  installation: { id: 5 },
  repository: { id: 1, name: 'shop', owner: { login: 'acme' } },
  issue: { number: 7, pull_request: { url: 'https://api.github.com/…' }, ...(issue as object) },
  comment: {
    id: 70,
    body: '/countersign deploy production',
    user: DAVE,
    author_association: 'MEMBER',
    performed_via_github_app: null,
    ...(comment as object),
  },
  ...over,
});

const triggers = (over: Parameters<typeof payload>[0] = {}) =>
  triggersOf('issue_comment', payload(over), { appId: 77 });

test('a person’s new comment on a pull request is a command', () => {
  expect(triggers()).toEqual([
    {
      kind: 'command',
      repository: { id: 1, owner: 'acme', name: 'shop', installationId: 5 },
      number: 7,
      commentId: 70,
      commenter: { id: 14, login: 'dave', kind: 'user' },
      stranger: false,
      command: { name: 'deploy', environment: 'production' },
    },
  ]);
});

test.each([
  ['OWNER', false],
  ['COLLABORATOR', false],
  ['CONTRIBUTOR', true],
  ['FIRST_TIME_CONTRIBUTOR', true],
  ['NONE', true],
  ['WHATEVER_COMES_NEXT', true],
  [undefined as never, true],
])('somebody who is %s to the repository is a stranger: %s', (association, stranger) => {
  expect(triggers({ comment: { author_association: association } })).toMatchObject([{ stranger }]);
});

describe('nothing comes of', () => {
  test.each<[string, Parameters<typeof payload>[0]]>([
    ['an edited comment', { action: 'edited' }],
    ['a deleted comment', { action: 'deleted' }],
    ['a bot’s comment', { sender: ROBOT, comment: { user: ROBOT } }],
    ['what an App wrote in a person’s name', { comment: { performed_via_github_app: { id: 99 } } }],
    ['our own answer', { comment: { performed_via_github_app: { id: 77 } } }],
    ['a comment by a deleted account', { comment: { user: null as never } }],
    ['a comment that somebody else is said to have sent', { sender: { ...DAVE, id: 99 } }],
    ['a comment on an issue', { issue: { pull_request: null } }],
    ['what isn’t addressed to us', { comment: { body: 'Thank you!' } }],
    ['a quoted command', { comment: { body: '> /countersign deploy production' } }],
  ])('%s', (_, over) => {
    expect(triggers(over)).toEqual([]);
  });
});

test('a payload without its comment is an error, never nothing', () => {
  expect(() => triggers({ comment: { body: 4 as never } })).toThrow(/issue_comment.*comment\.body/);
});
