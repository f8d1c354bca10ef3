/** A gate as people read it: `deployment_approvals` is `Deployment approvals`. */
export function gateTitle(gate: string): string {
  const words = gate.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
