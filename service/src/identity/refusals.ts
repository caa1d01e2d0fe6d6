// What identity refuses. None of these sentences tells whether a person or a name is known.
import { refusals } from "../errors.ts";

export const identityRefusals = refusals({
  SIGN_IN_CODE_WRONG: {
    status: 401,
    zh: "验证码不正确或已失效。请核对短信，或重新获取验证码。",
    en: "The code is wrong or no longer valid. Check the message, or ask for a new code.",
  },
  SIGN_IN_CODES_EXHAUSTED: {
    status: 429,
    zh: "获取验证码次数过多，请在 {seconds} 秒后再试。",
    en: "Too many codes were asked for. Try again in {seconds} seconds.",
  },
  SIGN_IN_WRONG: {
    status: 401,
    zh: "用户名或密码不正确。",
    en: "The name or the password is wrong.",
  },
  SIGN_IN_LOCKED: {
    status: 429,
    zh: "连续登录失败次数过多，请在 {seconds} 秒后再试。",
    en: "Signing in failed too often. Try again in {seconds} seconds.",
  },
});
