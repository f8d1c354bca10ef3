/** The few marks that tell states apart, drawn here so that no page needs anything from elsewhere. */
import { Html } from './html.ts';

const svg = (colour: string, inside: string, label: string): Html =>
  new Html(
    `<svg class="icon" viewBox="0 0 16 16" width="16" height="16" role="img" aria-label="${label}" style="color:${colour}">${inside}</svg>`,
  );
const disc = '<circle cx="8" cy="8" r="7" fill="currentColor"/>';
const stroke = (d: string): string =>
  `<path d="${d}" fill="none" stroke="#fff" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/>`;

const GREEN = '#1a7f37';
const RED = '#cf222e';
const AMBER = '#bf8700';
const GREY = '#59636e';
const PURPLE = '#8250df';

const MARKS: Readonly<Record<string, () => Html>> = {
  success: () => svg(GREEN, disc + stroke('M4.8 8.3l2.2 2.2 4.3-4.6'), 'success'),
  failure: () => svg(RED, disc + stroke('M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2'), 'failure'),
  action_required: () => svg(AMBER, disc + stroke('M8 4.4v4.4M8 11.3v.1'), 'action required'),
  neutral: () =>
    svg(GREY, '<rect x="3" y="3" width="10" height="10" rx="2" fill="currentColor"/>', 'neutral'),
  cancelled: () => svg(GREY, disc + stroke('M4.9 11.1l6.2-6.2'), 'cancelled'),
  skipped: () => svg(GREY, disc + stroke('M4.9 11.1l6.2-6.2'), 'skipped'),
  pending: () =>
    svg(
      AMBER,
      '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2"/><circle cx="8" cy="8" r="2.6" fill="currentColor"/>',
      'in progress',
    ),
};

const ALIASES: Readonly<Record<string, string>> = {
  error: 'failure',
  timed_out: 'failure',
  approved: 'success',
  rejected: 'failure',
  queued: 'pending',
  in_progress: 'pending',
  waiting: 'pending',
  requested: 'pending',
  inactive: 'neutral',
  stale: 'neutral',
};

/** The mark of a status or conclusion. */
export function mark(state: string | null): Html {
  const name = state ?? 'pending';
  return (MARKS[ALIASES[name] ?? name] ?? MARKS['neutral'] ?? MARKS['pending'])?.() ?? new Html('');
}

const branchPath =
  '<g fill="none" stroke="currentColor" stroke-width="1.5"><circle cx="4" cy="3.5" r="1.8"/><circle cx="4" cy="12.5" r="1.8"/><circle cx="12" cy="6" r="1.8"/><path d="M4 5.3v5.4M12 7.8c0 2.2-4 2-7 3"/></g>';

/** The mark of a pull request's state. */
export const pullMark = (state: 'open' | 'closed' | 'merged' | 'draft'): Html =>
  svg({ open: GREEN, closed: RED, merged: PURPLE, draft: GREY }[state], branchPath, state);
