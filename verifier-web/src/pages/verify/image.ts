// Finds a QR code in a picture, in the browser. The reader (about a megabyte of WebAssembly) is loaded only when a picture is chosen.
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import wasm from "zxing-wasm/reader/zxing_reader.wasm?url";

// Left to itself the library would fetch its program from another host.
prepareZXingModule({
  overrides: { locateFile: (file: string, prefix: string) => (file.endsWith(".wasm") ? wasm : prefix + file) },
});

/** The texts of all QR codes in the picture. */
export async function codesIn(picture: Blob): Promise<string[]> {
  const found = await readBarcodes(picture, {
    formats: ["QRCode"],
    tryHarder: true,
    tryRotate: true,
    maxNumberOfSymbols: 4,
  });
  return found.map((code) => code.text).filter((text) => text !== "");
}
