/** The policy of the demo's shop, as its repository has it from the first commit on. */
export function shopPolicy(baseline: string | null): string {
  const declared = baseline === null ? '' : `\n    baseline: ${baseline}`;
  return `version: 1
mode: enforce
changes:
  branches: [main]
  approvals: { required: 1, from: { teams: [maintainers] } }
  protection: { pull_request: required, force_push: blocked, deletion: blocked }
environments:
  staging:
    branches: [main]${declared}
    deploy: { on: merge, by: { teams: [developers] } }
  production:
    branches: [main]${declared}
    deploy: { on: request, by: { teams: [leads] } }
    approvals: { required: 1, from: environment }
`;
}
