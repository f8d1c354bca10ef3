import { namesOf } from './eligibility.ts';
import type { Liftable } from './emergency-schema.ts';
import type { Approvers, EmergencyPolicy, EnvironmentPolicy, People, Policy, Rule } from './schema.ts';

/** What a policy asks for, as lines of plain text: a heading for changes and one for each environment. */
export function describePolicy(policy: Policy): readonly string[] {
  const { mode, changes, environments } = policy;
  return [
    ...(mode === 'observe'
      ? ['It only observes: it decides, records and shows, and blocks nothing.', '']
      : []),
    `A change to ${list(changes.branches)} needs`,
    ...items([
      ...approvalLines(changes.approvals),
      ...(changes.rules ?? []).flatMap(ruleLines),
      ...(changes.require === undefined ? [] : ['of the rules, what require says: not each of them']),
      ...(changes.checks ?? []).map(checkLine),
      ...(changes.block === undefined ? [] : [blockLine(changes.block)]),
      ...Object.entries(changes.protection ?? {}).map(
        ([setting, value]) => `${setting.replaceAll('_', ' ')}: ${value}, enforced by GitHub`,
      ),
      ...(changes.bots === undefined
        ? []
        : changes.bots.map(
            ({ login, paths }) => `of ${login}: nothing outside of ${list(paths)}; other bots may open none`,
          )),
    ]),
    ...kept(changes.protection?.checks === 'required'),
    ...Object.entries(environments).flatMap(([name, environment]) => [
      '',
      ...environmentLines(name, environment),
    ]),
    ...(Object.keys(environments).length === 0 ? [] : ['', ...DEPLOYMENTS_KEPT]),
    '',
    'Nobody’s approval counts for what they made themselves, and only one of the commit that is judged.',
  ];
}

/** A decision alone stops nobody: what GitHub has to do with it. */
const kept = (isDemanded: boolean): readonly string[] => [
  isDemanded
    ? 'GitHub keeps to it by requiring the check countersign/change, which the policy demands.'
    : 'GitHub keeps to it only where it requires the check countersign/change of this App; protection: { checks: required } demands that.',
];

/** https://docs.github.com/actions/reference/workflows-and-actions/deployments-and-environments */
const DEPLOYMENTS_KEPT = [
  'What Countersign deploys over SSH waits for its decision on every plan of GitHub. A job of GitHub Actions waits only where',
  'Countersign’s deployment protection rule is on for the environment, which GitHub offers to public repositories, and to private',
  'and internal ones with Enterprise. No rule holds a deployment that somebody makes by GitHub’s API and carries out themselves.',
];

function environmentLines(name: string, environment: EnvironmentPolicy): readonly string[] {
  const { branches, deploy, approvals, after, freeze, lock, rollback, identity, emergency, baseline } =
    environment;
  const asks = deploy.on === 'merge' ? 'is asked for by each merge of' : 'may be asked for by';
  return [
    `A deployment to ${name}`,
    ...items([
      `${asks} ${who(deploy.by)}`,
      `takes only what is on ${list(branches)}, each commit from an approved pull request${baseline === undefined ? '' : `, or not newer than ${baseline.slice(0, 7)}`}`,
      ...(approvals === undefined
        ? []
        : [
            `needs ${count(approvals.required, 'approval')} from ${approvals.from === 'environment' ? 'the reviewers that the GitHub environment names' : who(approvals.from)}`,
          ]),
      ...Object.entries(after ?? {}).map(
        ([before, { soak }]) =>
          `comes after ${before}${soak === undefined ? '' : `, where it has run for ${soak}`}`,
      ),
      ...(freeze ?? []).map(
        ({ name: why, from, until, weekly, timezone }) =>
          `waits during ${why}: from ${weekly?.from ?? from} until ${weekly?.until ?? until}${weekly === undefined ? '' : ' each week'} (${timezone})`,
      ),
      ...(lock === undefined ? [] : [`waits while it is locked, which ${who(lock.by)} may do`]),
      ...(rollback === undefined
        ? []
        : [`may be taken back by ${who(rollback.by)}, to what was approved and ran there`]),
      ...Object.entries(identity ?? {}).map(
        ([key, value]) => `${key.replaceAll('_', '-')} identity: ${value}`,
      ),
      ...(emergency === undefined ? [] : emergencyLines(emergency)),
    ]),
  ];
}

const LIFTED: Readonly<Record<Liftable, string>> = {
  approvals: 'its approvals',
  after: 'order and soak',
  freeze: 'freezes',
  changes: 'the approval of the changes in it',
};

function emergencyLines({ by, confirm, valid, lifts, review }: EmergencyPolicy): readonly string[] {
  return [
    `may go without ${list(lifts.map((each) => LIFTED[each]))} in an emergency that ${who(by)} declares and another one, of ${who(confirm)}, confirms: for one commit, once, within ${valid}`,
    `has such an emergency reviewed within ${review.within} by ${who(review.by)}, who took no part in it; overdue, nothing of this repository but a rollback is deployed`,
  ];
}

const items = (lines: readonly string[]) => lines.map((line) => `  - ${line}`);

type Approvals = Policy['changes']['approvals'];

/** What is asked of code owners stands by itself: the number is one thing, that each owned file has its owner’s another. */
const approvalLines = (asked: Approvals): readonly string[] => [
  numberOf(asked, EACH_FILE),
  ...(asked.from.codeowners === true ? [ownersOf(asked.from, EACH_FILE)] : []),
];

const EACH_FILE = 'each changed file';

/** See `openWorth`: the owner of one file can't answer for another that nobody owns. */
function numberOf({ required, from }: Approvals, files: string): string {
  const number = count(required, 'approval');
  if (from.codeowners !== true || onlyOwners(from)) return `${number} from ${who(from)}`;
  const named = who({ ...from, codeowners: undefined });
  return `${number} from ${named}, or from code owners where ${files} has some`;
}

const onlyOwners = (from: Approvers) => namesOf({ ...from, codeowners: undefined }).length === 0;

/** Where nobody else is asked, nobody could approve a file that has no owner. See `judgeOwners`. */
const ownersOf = (from: Approvers, files: string) =>
  onlyOwners(from)
    ? `of ${files} the approval of one of its code owners: one without any is held`
    : `of ${files} that has code owners, the approval of one of them`;

function ruleLines({ name, when, approvals, checks }: Rule): readonly string[] {
  const files = when?.paths === undefined ? EACH_FILE : `${EACH_FILE} of ${list(when.paths)}`;
  const asked = [
    ...(approvals === undefined ? [] : [numberOf(approvals, files)]),
    ...(checks ?? []).map(checkLine),
  ].join(' and ');
  const conditions = Object.entries(when ?? {}).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} ${plain(value)}`],
  );
  const where = conditions.length === 0 ? '' : `, where it has ${conditions.join(' and ')}`;
  return [
    `${asked} by rule ${name}${where}`,
    ...(approvals?.from.codeowners === true
      ? [`by rule ${name}${where}: ${ownersOf(approvals.from, files)}`]
      : []),
  ];
}

function blockLine(block: NonNullable<Policy['changes']['block']>): string {
  const { labels, by } = block;
  const ways = [
    ...(labels === undefined ? [] : [`no label ${list(labels, 'or')}`]),
    ...(by === undefined ? [] : [`no request for changes from ${who(by)} that they didn’t lift`]),
  ];
  return ways.join(', and ');
}

const checkLine = (check: string | { readonly name: string; readonly app: number }) =>
  typeof check === 'string'
    ? `the check ${check}`
    : `the check ${check.name}, reported by the App ${check.app}`;

const who = (from: Approvers | People) => list(namesOf(from), 'or');

const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;

function list(names: readonly string[], word: 'and' | 'or' = 'or'): string {
  const last = names.at(-1) ?? 'nobody';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} ${word} ${last}`;
}

/** A condition's value as it stands in the file, without its quotes and braces. */
function plain(value: unknown): string {
  if (Array.isArray(value)) return list(value.map(plain));
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .flatMap(([key, inner]) => (inner === undefined ? [] : [`${key.replaceAll('_', ' ')} ${plain(inner)}`]))
    .join(', ');
}
