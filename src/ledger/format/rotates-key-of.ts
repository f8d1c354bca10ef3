/**
 * Which log's key a `ledger.rotated` entry is about. The sequencer (what it may sign) and whoever verifies (what must be signed by
 * both) have to say the same of it: what one lets through and the other condemns would be condemned for ever.
 */

/** Also where only one of the two keys is named for the log: that is a wrong word about its key, and not none. */
export function rotatesKeyOf(
  origin: string,
  rotation: { readonly from: string; readonly to: string },
): boolean {
  return [rotation.from, rotation.to].some((vkey) => vkey.split('+', 1)[0] === origin);
}
