// Has this machine a Chinese font of its own that fits the page? Names of people and places depend on it.

/** The families of our font stack that some desktop Linux has. */
const families = ["Noto Sans CJK SC", "Source Han Sans SC", "Noto Sans SC", "WenQuanYi Micro Hei", "HarmonyOS Sans SC"];

/** Phones, Windows and macOS always have one; desktop Linux may have none, or only an old-style serif. */
export function hasChineseFont(): boolean {
  if (!/Linux/.test(navigator.userAgent) || /Android/.test(navigator.userAgent)) return true;
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  if (!context) return true; // nothing to look with: the system's fonts have to do
  const size = 24;
  const painted = (family: string): string => {
    context.clearRect(0, 0, size, size);
    context.font = `${size - 4}px ${family}`;
    context.textBaseline = "top";
    context.fillText("\u9f98", 0, 0);
    return context.getImageData(0, 0, size, size).data.join();
  };
  // A family that is there paints otherwise than whatever the browser falls back to.
  const fallback = painted('"no such family"');
  return families.some((family) => painted(`"${family}", "no such family"`) !== fallback);
}
