/**
 * What an entry says about the ledger itself. Unlike all else that an entry rests on, it stands in the entry's own bytes:
 * whoever verifies needs it, long after every sealed document is gone. It names nobody.
 */
export type LedgerFact =
  | {
      readonly act: 'erased';
      /** References of people (or of single logins) that resolve to nobody now; base64url. */
      readonly subjects: readonly string[];
      /** Commitments of documents whose bodies are gone; base64url. */
      readonly documents: readonly string[];
    }
  | {
      readonly act: 'rotated';
      /** Verifier keys. The first checkpoint over this entry is signed by both, every later one by `to`. */
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly act: 'incarnated';
      /** The log that came before, as it stands in this database. */
      readonly predecessor: {
        readonly origin: string;
        readonly vkey: string;
        readonly size: number;
        /** Base64. */
        readonly root: string;
        /** Of its newest checkpoint, which is all that an export has of it. Earlier versions did not say. */
        readonly signed?: number | undefined;
      };
      /** The signed checkpoint of that log that an outsider holds and this database can't extend any more. */
      readonly witnessed: string;
    }
  | {
      readonly act: 'pruned';
      /** Entries below this index are kept outside only, but for those in `kept`: a multiple of 256. */
      readonly minimum: number;
      /** Indices below it whose entries stay, as `5,17,300-302`: what goes missing of them was not retired. */
      readonly kept: string;
      /** The signed checkpoint of the archive that holds them, whose verification came before. */
      readonly archive: string;
    };
