interface Shared {
  readonly shared: readonly { readonly name: string }[];
}

/** Whether a path of a release is a link to what outlives releases, or lies behind one. */
export function isLinked({ shared }: Shared, path: string): boolean {
  return shared.some(({ name }) => path === name || path.startsWith(`${name}/`));
}

/** Whether a folder of a release may be there for such a link alone. */
export function leadsToLinked({ shared }: Shared, path: string): boolean {
  return shared.some(({ name }) => name.startsWith(`${path}/`));
}
