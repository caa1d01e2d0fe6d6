// Imported for what they do: the fragment first of all, then the styles.
// oxlint-disable import/no-unassigned-import
import "./fragment.ts";
import { createApp } from "vue";
import { lastResort } from "virtual:fonts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/parts.css";
import "./styles/table.css";
import App from "./App.vue";
import { followHistory } from "./router.ts";
import { hasChineseFont } from "./font-check.ts";
import { keepSettings } from "./settings.ts";

keepSettings();
followHistory();
createApp(App).mount("#app");

// Comes after everything that the page needs, and only where it is missed.
addEventListener("load", () => {
  if (hasChineseFont()) return;
  const sheet = document.createElement("link");
  sheet.rel = "stylesheet";
  sheet.href = lastResort;
  document.head.append(sheet);
});
