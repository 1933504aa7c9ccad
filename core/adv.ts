import { createHmac } from 'node:crypto';
import { createMask, maskDocument } from './src/index.ts';
const mask = createMask((text) => createHmac('sha256', 'key').update(text).digest('hex'));
const n = Number(process.argv[2] ?? 300_000);
const pieces = ['a','A','0','-','_','.','=',':',' ','"',"'",'\\','/','@','\n','<','eyJ','eyJa.','-eyJ','AKIA','sk-','sk-a-','password','password=','password=a&','password: ','password: |\n','-----BEGIN PRIVATE KEY-----','-----BEGIN ','https://','https://a:','https://a:b@','a:b@','Bearer ','Bearer a','Authorization: ','cookie: a','kind: Secret\ndata:\n a: b\n','kind: Secret\n','data:\n','curl -u ','vault login ','mysql -p ','docker login -p ','"Name": "X",','Name: "TOKEN", Value: "','token: Invalid value: "','spec.a.b.','identified by ','machine a login b ','requirepass ','<password>','<password','"password", ',':$2a$','{"a":','[','{','"\\u0053ecret"','H4sI','aGVsbG8=','--from-literal=','--password ','password=\\"','password="','a=','&','%41','+','key=','SG.','hvs.','xoxb-', '1:AA', 'secret ', '\t', 'Name\\": \\"', ': ', '- ', '|\n', '$', 'sig=', '?sig='];
const slow: string[] = [];
for (const p of pieces) for (const q of ['', ...(process.argv[3] ? pieces : ['x', ' ', '\n', '"', '='])]) {
  const unit = p + q; const text = unit.repeat(Math.ceil(n / unit.length));
  for (const field of ['note', 'password2', 'args']) {
    const value = field === 'args' ? text.split(' ') : text;
    const t = performance.now();
    try { maskDocument(value, mask, field); } catch (e) { console.log('THROW', JSON.stringify(unit), String(e).slice(0,100)); }
    const ms = performance.now() - t;
    if (ms > n / 300_000 * 400) slow.push(`${ms.toFixed(0)} ms ${field} ${JSON.stringify(unit)}`);
  }
}
console.log(slow.join('\n'));
