import { FormatError } from "../../service/src/proof/bytes.ts";

/** What `read` returns, or undefined when it refuses with FormatError; everything else that it throws goes on. */
export function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}
