import { stripTypeScriptTypes } from 'node:module';

/** A jest transformer: TypeScript to JavaScript by erasing types in place, as Node does when it runs `src`. */
export default {
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
  canInstrument: false,
};
