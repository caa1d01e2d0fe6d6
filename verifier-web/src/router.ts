// Which page an address shows. Plain paths over the browser's own history; one page, one chunk.
import { defineAsyncComponent, reactive, readonly } from "vue";
import type { Component } from "vue";
import PageFailed from "./parts/PageFailed.vue";
import PageLoading from "./parts/PageLoading.vue";
import { paths } from "./paths.ts";
import type { PageName } from "./paths.ts";

function page(load: () => Promise<{ default: Component }>): Component {
  return defineAsyncComponent({
    loader: load,
    loadingComponent: PageLoading,
    errorComponent: PageFailed,
    delay: 200,
    timeout: 30_000,
  });
}

const pages: Record<PageName, Component> = {
  home: page(() => import("./pages/home/HomePage.vue")),
  verify: page(() => import("./pages/verify/VerifyPage.vue")),
  me: page(() => import("./pages/me/MePage.vue")),
  desk: page(() => import("./pages/desk/DeskPage.vue")),
  messages: page(() => import("./pages/development/MessagesPage.vue")),
  missing: page(() => import("./pages/home/MissingPage.vue")),
};

interface Place {
  path: string;
  page: PageName;
}

function placeOf(path: string): Place {
  const clean = path.replace(/\/+$/, "") || "/";
  return { path: clean, page: (Object.hasOwn(paths, clean) ? paths[clean] : undefined) ?? "missing" };
}

const current = reactive<Place>(placeOf(location.pathname));

/** Where the person is. */
export const place = readonly(current);

export function componentOf(name: PageName): Component {
  return pages[name];
}

/** Goes to a path of this site. The new page is read from its top, and its heading takes the focus. */
export function go(path: string): void {
  if (path === current.path) return;
  history.pushState(null, "", path);
  arrive();
}

function arrive(): void {
  const before = current.page;
  Object.assign(current, placeOf(location.pathname));
  if (before !== current.page) scrollTo({ top: 0 });
}

/** Follows the browser's back and forward, and plain clicks on links of this site. Called once. */
export function followHistory(): void {
  addEventListener("popstate", arrive);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    const link = (event.target as Element).closest("a");
    if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download") || link.hash) return;
    if (placeOf(link.pathname).page === "missing") return; // files and interfaces are the browser's business
    event.preventDefault();
    go(link.pathname);
  });
}
