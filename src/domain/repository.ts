/** A repository as GitHub names it; `id` survives renames and transfers, `owner` and `name` don't. */
export interface RepositoryRef {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  /** The installation of our App through which we were told about it. */
  readonly installationId: number;
}

/** Whether both name the same repository in the same way. */
export function isSameRepository(a: RepositoryRef, b: RepositoryRef): boolean {
  return a.id === b.id && a.owner === b.owner && a.name === b.name && a.installationId === b.installationId;
}

/** `acme/shop` */
export function fullName(repository: Pick<RepositoryRef, 'owner' | 'name'>): string {
  return `${repository.owner}/${repository.name}`;
}
