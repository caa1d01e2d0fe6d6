export const development = {
  title: "测试短信",
  lead: "开发环境不发送真实短信。系统发出的每条短信显示在这里，每 3 秒更新一次。",
  none: "还没有短信。请求一个验证码试试。",
  to: "发往 {recipient}",
  updated: "更新于 {time}",
};
