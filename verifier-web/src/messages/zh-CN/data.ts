// Words that come with data and are on no page by themselves: what the web font should hold beside our own texts. Never imported.
export const accountStates = "正常封存合并销户外部转出提取冻结其他缴存托管";
export const rules =
  "《住房公积金管理条例》第四十一条骗提骗取贷款三五年内不予国务院令号起施行本办法惩戒未遂自认定之日起租赁合同";
export const surnames =
  "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛阎雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常";
