/** The path of a target that has several hosts. */
export const SHARED_PATH = '/srv/countersign-test-shop';

/**
 * A target has one path on all its hosts, but these are one machine with one disk: what each server runs first puts its
 * own folder in the path's place in our script, which comes as the first line of the stream.
 */
export function ownDisk(folder: string): string {
  return `#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in *'read -r script'*) ;; *) exec sh -c "$SSH_ORIGINAL_COMMAND" ;; esac
IFS= read -r script || exit 74
eval "$(printf '%s' "$script" | sed 's#${SHARED_PATH}#${folder}#g')"
`;
}
