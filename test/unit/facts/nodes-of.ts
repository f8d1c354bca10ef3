import { Kind, parse, type FragmentDefinitionNode, type SelectionSetNode } from 'graphql';

/** How many nodes a query names at most, as GitHub counts them: every list counts as long as it is asked for, times those around it. */
export function nodesOf(query: string): number {
  const { definitions } = parse(query);
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const each of definitions)
    if (each.kind === Kind.FRAGMENT_DEFINITION) fragments.set(each.name.value, each);
  const count = (set: SelectionSetNode | undefined, around: number): number =>
    (set?.selections ?? []).reduce((sum, selection) => {
      if (selection.kind === Kind.FRAGMENT_SPREAD)
        return sum + count(fragments.get(selection.name.value)?.selectionSet, around);
      if (selection.kind === Kind.INLINE_FRAGMENT) return sum + count(selection.selectionSet, around);
      const length = selection.arguments?.find(({ name }) => name.value === 'first' || name.value === 'last');
      const listed = length?.value.kind === Kind.INT ? around * Number(length.value.value) : null;
      return sum + (listed ?? 0) + count(selection.selectionSet, listed ?? around);
    }, 0);
  return definitions.reduce(
    (sum, each) => sum + (each.kind === Kind.OPERATION_DEFINITION ? count(each.selectionSet, 1) : 0),
    0,
  );
}
