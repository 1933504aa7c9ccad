import type { JsonValue } from '@holdpoint/core';
import type { Draw } from './draw.ts';

/** A value with credentials in it, in surroundings as one meets them. */
export interface Positive {
  family: string;
  /** The field that the value stands in; empty for a text by itself. */
  field: string;
  value: JsonValue;
  /** What must not be there afterwards. */
  secrets: readonly string[];
  /** What must. */
  kept: readonly string[];
}

type Made = Omit<Positive, 'family' | 'field' | 'kept'> & { field?: string; kept?: readonly string[] };

const pem = (label: string, body: string): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

/**
 * Families of credentials. Formats are put together from pieces, so that nothing in this file is one. `d` draws at random, the
 * same in every run.
 */
const families: Readonly<Record<string, (d: Draw) => Made[]>> = {
  'private keys': (d) =>
    ['RSA ', 'EC ', 'OPENSSH ', 'ENCRYPTED ', ''].flatMap((kind) => {
      const body = d.base64(96);
      const text = pem(`${kind}PRIVATE ${'KEY'}`, body);
      return [
        { value: `# the key\n${text}# end\n`, secrets: [body], kept: ['# the key', '# end'] },
        { value: { data: { 'tls.key': text, 'readme.txt': 'see the wiki' } }, secrets: [body], kept: ['see the wiki'] },
        { value: base64(text), secrets: [base64(text).slice(8, 40)] },
        {
          value: JSON.stringify({ type: 'service_account', private_key: text, client_email: 'a@b.example' }),
          secrets: [body],
          kept: ['a@b.example'],
        },
      ];
    }),
  'JSON Web Tokens': (d) => {
    const token = () => `eyJ${d.base64url(30)}.eyJ${d.base64url(80)}.${d.base64url(43)}`;
    const all = [token(), token(), token(), token()] as const;
    return [
      { value: `token is ${all[0]}, thanks`, secrets: [all[0]], kept: ['token is ', ', thanks'] },
      {
        value: ['kubectl', `--token=${all[1]}`, 'get', 'pods'],
        field: 'command',
        secrets: [all[1]],
        kept: ['kubectl', 'pods'],
      },
      { value: { annotations: { note: all[2] } }, secrets: [all[2]] },
      { value: `failed to verify ${all[3]}: expired`, secrets: [all[3]], kept: ['failed to verify', ': expired'] },
    ];
  },
  'AWS keys': (d) => {
    const id = (): string => `AKIA${d.upper32(16)}`;
    const key = (): string => `${d.base64(38).replace(/=/g, 'a')}A9`;
    const made = [
      [id(), key()],
      [id(), key()],
      [id(), key()],
      [id(), key()],
    ] as const;
    return [
      {
        value: `[default]\naws_access_key_id = ${made[0][0]}\naws_secret_access_key = ${made[0][1]}\nregion = eu-west-1\n`,
        secrets: made[0],
        kept: ['region = eu-west-1'],
      },
      {
        value: [
          { name: 'AWS_ACCESS_KEY_ID', value: made[1][0] },
          { name: 'AWS_SECRET_ACCESS_KEY', value: made[1][1] },
          { name: 'AWS_REGION', value: 'eu-west-1' },
        ],
        field: 'env',
        secrets: made[1],
        kept: ['AWS_SECRET_ACCESS_KEY', 'eu-west-1'],
      },
      {
        value: `aws configure set aws_secret_access_key ${made[2][1]}`,
        secrets: [made[2][1]],
        kept: ['aws configure set'],
      },
      { value: `keys ${made[3][0]} ${made[3][1]} found`, secrets: made[3], kept: ['keys ', ' found'] },
    ];
  },
  'Google, Azure and other clouds': (d) => {
    const google = `AIza${d.alnum(35)}`;
    const client = `GOCSPX-${d.alnum(28)}`;
    const azure = `${d.alnum(3)}8Q~${d.alnum(34)}`;
    const account = d.base64(88);
    const sas = d.base64(43);
    const digitalOcean = `dop_v1_${d.hex(64)}`;
    return [
      { value: `https://maps.example/api/js?key=${google}&callback=x`, secrets: [google], kept: ['callback=x'] },
      { value: `client_secret: ${client}`, secrets: [client], kept: ['client_secret: '] },
      { value: `the secret of the app is ${azure}.`, secrets: [azure], kept: ['the secret of the app is '] },
      {
        value: `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${account};EndpointSuffix=core.windows.net`,
        secrets: [account],
        kept: ['AccountName=shop', 'EndpointSuffix=core.windows.net'],
      },
      {
        value: `https://shop.blob.core.windows.net/c/b?sv=2022-11-02&sr=b&sig=${encodeURIComponent(sas)}&se=2030`,
        secrets: [encodeURIComponent(sas)],
        kept: ['sv=2022-11-02'],
      },
      { value: { DO_PAT: digitalOcean, region: 'fra1' }, secrets: [digitalOcean], kept: ['fra1'] },
    ];
  },
  'tokens with a mark': (d) => {
    const tokens = [
      ...['p', 'o', 'u', 's', 'r'].map((kind) => `gh${kind}_${d.alnum(36)}`),
      `github_pat_${d.alnum(22)}_${d.alnum(59)}`,
      `glpat-${d.alnum(20)}`,
      `gldt-${d.alnum(20)}`,
      `xoxb-${d.digits(11)}-${d.digits(12)}-${d.alnum(24)}`,
      `xapp-1-A${d.upper32(10)}-${d.digits(13)}-${d.hex(64)}`,
      `sk_live_${d.alnum(24)}`,
      `rk_test_${d.alnum(24)}`,
      `whsec_${d.alnum(32)}`,
      `npm_${d.alnum(36)}`,
      `sk-${d.alnum(20)}T3${d.alnum(20)}`,
      `sk-proj-${d.alnum(40)}4${d.alnum(20)}`,
      `sk-ant-api03-${d.alnum(90)}`,
      `hf_${d.alnum(34)}`,
      `SG.${d.alnum(22)}.${d.alnum(43)}`,
      `hvs.${d.alnum(90)}`,
      `pypi-${d.alnum(120)}`,
      `dckr_pat_${d.alnum(27)}`,
      `dapi${d.hex(32)}`,
      `glsa_${d.alnum(32)}_${d.hex(8)}`,
      `shpat_${d.hex(32)}`,
    ];
    return tokens.flatMap((token, at) => [
      { value: `deploy with ${token} please`, secrets: [token], kept: ['deploy with ', ' please'] },
      at % 3 === 0
        ? { value: ['run', token, '--verbose'], field: 'args', secrets: [token], kept: ['--verbose'] }
        : at % 3 === 1
          ? { value: { data: { note: token, other: 'x' } }, secrets: [token] }
          : {
              value: `git clone https://${token}@github.example/org/repo.git`,
              secrets: [token],
              kept: ['github.example/org/repo.git'],
            },
    ]);
  },
  'webhook addresses': (d) => {
    const slack = `T${d.upper32(9)}/B${d.upper32(9)}/${d.alnum(24)}`;
    const discord = `${d.digits(18)}/${d.alnum(68)}`;
    return [
      { value: `curl -d x https://hooks.${'slack'}.com/services/${slack}`, secrets: [slack], kept: ['curl -d x'] },
      { value: { url: `https://discord.com/api/webhooks/${discord}` }, secrets: [discord], kept: ['discord.com'] },
    ];
  },
  'passwords in URLs': (d) =>
    [
      'postgres',
      'postgresql',
      'mysql',
      'mongodb+srv',
      'amqp',
      'amqps',
      'redis',
      'https',
      'ftp',
      'ldap',
      'jdbc:postgresql',
      'nats',
      'smtp',
      'clickhouse',
    ].flatMap((scheme) => {
      const [one, two] = [d.password(), d.alnum(16)];
      return [
        {
          value: `${scheme}://shop:${encodeURIComponent(one)}@db.prod.svc:5432/shop?x=1`,
          secrets: [encodeURIComponent(one)],
          kept: ['db.prod.svc:5432/shop?x=1', 'shop:'],
        },
        {
          value: [{ name: 'BACKEND', value: `${scheme}://:${two}@cache:6379/0` }],
          field: 'env',
          secrets: [two],
          kept: ['@cache:6379/0'],
        },
      ];
    }),
  'passwords in connection strings': (d) => {
    const p = Array.from({ length: 6 }, () => d.password().replace(/[;&]/g, '.'));
    return [
      {
        value: `Server=db;Database=shop;User Id=sa;Password=${p[0] ?? ''};Encrypt=true`,
        secrets: [p[0] ?? ''],
        kept: ['Server=db', 'Encrypt=true'],
      },
      {
        value: `jdbc:mysql://db/shop?user=a&password=${p[1] ?? ''}&useSSL=true`,
        secrets: [p[1] ?? ''],
        kept: ['useSSL=true'],
      },
      {
        value: `host=db port=5432 user=shop password=${p[2] ?? ''} sslmode=require`,
        secrets: [p[2] ?? ''],
        kept: ['sslmode=require', 'host=db'],
      },
      {
        value: `Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=root;SharedAccessKey=${d.base64(44)}`,
        secrets: [],
        kept: ['SharedAccessKeyName=root'],
      },
      { value: `redis:6379,password=${p[4] ?? ''},ssl=True`, secrets: [p[4] ?? ''], kept: ['redis:6379', 'ssl=True'] },
      { value: { connectionString: `Driver={x};Pwd=${p[5] ?? ''}` }, secrets: [p[5] ?? ''] },
    ];
  },
  headers: (d) => {
    const [a, b, c, e, f, g] = [
      d.alnum(32),
      base64(`admin:${d.alnum(12)}`),
      d.hex(40),
      d.alnum(24),
      d.alnum(28),
      d.alnum(40),
    ];
    return [
      { value: `curl -H "Authorization: Bearer ${a}" https://x.example`, secrets: [a], kept: ['https://x.example'] },
      {
        value: ['curl', '-H', `Authorization: Basic ${b}`, 'https://x.example'],
        field: 'command',
        secrets: [b],
        kept: ['https://x.example'],
      },
      { value: `Authorization: token ${c}`, secrets: [c], kept: ['Authorization: token '] },
      {
        value: {
          httpHeaders: [
            { name: 'X-Api-Key', value: e },
            { name: 'Accept', value: 'application/json' },
          ],
        },
        secrets: [e],
        kept: ['application/json'],
      },
      {
        value: `GET / HTTP/1.1\r\nHost: x\r\nCookie: session=${f}\r\nAccept: */*`,
        secrets: [f],
        kept: ['Host: x', 'Accept: */*'],
      },
      { value: `using bearer ${g}7 for the call`, secrets: [g], kept: ['for the call'] },
    ];
  },
  'command lines': (d) => {
    const lines: ((p: string) => readonly string[])[] = [
      (p) => ['mysql', '-h', 'db', '-u', 'root', `-p${p}`, 'shop'],
      (p) => ['mysqldump', `--password=${p}`, 'shop'],
      (p) => ['redis-cli', '-h', 'cache', '-a', p, 'PING'],
      (p) => ['vault', 'login', p],
      (p) => ['vault', 'login', '-method=userpass', 'username=a', `password=${p}`],
      (p) => ['docker', 'login', '-u', 'me', '-p', p, 'registry.example'],
      (p) => ['helm', 'registry', 'login', 'registry.example', '--password', p],
      (p) => ['curl', '-u', `me:${p}`, 'https://x.example'],
      (p) => ['curl', '--user', `me:${p}`, 'https://x.example'],
      (p) => ['sshpass', '-p', p, 'ssh', 'me@host'],
      (p) => ['psql', `postgres://me:${encodeURIComponent(p)}@db/shop`],
      (p) => ['env', `PGPASSWORD=${p}`, 'psql', '-h', 'db'],
      (p) => ['kubectl', 'create', 'secret', 'generic', 'x', `--from-literal=any=${p}`],
      (p) => ['kubectl', 'create', 'secret', 'docker-registry', 'x', `--docker-password=${p}`, '--docker-username=me'],
      (p) => ['kubectl', '--token', p, 'get', 'pods'],
      (p) => ['mongosh', '-u', 'root', '-p', p, '--host', 'db'],
      (p) => ['ldapsearch', '-x', '-D', 'cn=a', '-w', p, '-b', 'dc=x'],
      (p) => ['openssl', 'enc', '-aes-256-cbc', '-k', p, '-in', 'f'],
      (p) => ['htpasswd', '-bc', '/tmp/f', 'me', p],
      (p) => ['app', '--admin-password', p, '--port', '8080'],
      (p) => ['app', `--api-key=${p}`, '--port=8080'],
      (p) => ['app', '--client-secret', p],
      (p) => ['az', 'login', '--service-principal', '-u', 'id', '-p', p],
      (p) => ['sqlcmd', '-S', 'db', '-U', 'sa', '-P', p],
      (p) => ['ansible-playbook', '-e', `ansible_ssh_pass=${p}`, 'x.yml'],
      (p) => ['gcloud', 'sql', 'users', 'set-password', 'root', `--password=${p}`],
      (p) => ['rabbitmqadmin', '-u', 'guest', '-p', p, 'list', 'queues'],
    ];
    return lines.flatMap((line): Made[] => {
      const [one, two, three, four] = [d.alnum(14), d.alnum(14), d.alnum(14), d.alnum(14)];
      const words = line(one);
      const kept = words.filter((word) => !word.includes(one)).slice(0, 2);
      const script = line(three).join(' ');
      return [
        { value: [...words], field: 'command', secrets: [one], kept },
        { value: line(two).join(' '), secrets: [two], kept },
        { value: { command: [line(four)[0] ?? ''], args: line(four).slice(1) }, secrets: [four] },
        {
          value: { command: ['sh', '-c'], args: [`set -e; ${script} && echo done`] },
          secrets: [three],
          kept: ['echo done'],
        },
      ];
    });
  },
  'environment variables': (d) =>
    [
      'DB_PASSWORD',
      'POSTGRES_PASSWORD',
      'MYSQL_ROOT_PASSWORD',
      'PGPASSWORD',
      'REDIS_PASS',
      'SECRET_KEY_BASE',
      'DJANGO_SECRET_KEY',
      'JWT_SECRET',
      'API_TOKEN',
      'GITHUB_TOKEN',
      'SLACK_BOT_TOKEN',
      'APP_SECRET',
      'STRIPE_API_KEY',
      'CLIENT_SECRET',
      'ENCRYPTION_KEY',
      'AUTH_TOKEN',
      'SMTP_PASSWORD',
      'MINIO_SECRET_KEY',
      'dbPassword',
      'adminPwd',
      'keystore-passphrase',
      'VAULT_SECRET_ID',
    ].flatMap((name) => {
      const [one, two, three] = [d.password(), d.alnum(12), d.alnum(20)];
      return [
        {
          value: [
            { name, value: one },
            { name: 'LEVEL', value: 'debug' },
          ],
          field: 'env',
          secrets: [one],
          kept: [name, 'debug'],
        },
        { value: `export LEVEL=debug\nexport ${name}=${two}\n./run\n`, secrets: [two], kept: ['LEVEL=debug', './run'] },
        { value: { data: { [name]: three, LEVEL: 'info' } }, secrets: [three], kept: ['info'] },
      ];
    }),
  'configuration files': (d) => {
    const files: ((p: string) => [text: string, kept: string])[] = [
      (p) => [`spring.datasource.username=a\nspring.datasource.password=${p}\nserver.port=80\n`, 'server.port=80'],
      (p) => [`database:\n  user: a\n  password: ${p}\n  host: db\n`, 'host: db'],
      (p) => [`database:\n  user: a\n  password: "${p}"\n  host: db\n`, 'host: db'],
      (p) => [`[smtp]\nuser = a\npassword = ${p}\nport = 25\n`, 'port = 25'],
      (p) => [`{"db": {"user": "a", "password": "${p}", "host": "db"}}`, '"host":"db"'],
      (p) => [`password = "${p}"\nhost = "db"\n`, 'host = "db"'],
      (p) => [`SECRET_KEY = '${p}'\nDEBUG = True\n`, 'DEBUG = True'],
      (p) => [`define('DB_PASSWORD', '${p}');\ndefine('DB_HOST', 'db');\n`, "'DB_HOST', 'db'"],
      (p) => [`<server><username>a</username><password>${p}</password><id>x</id></server>`, '<id>x</id>'],
      (p) => [`machine x.example login a password ${p}\n`, 'machine x.example'],
      (p) => [`requirepass ${p}\nport 6379\n`, 'port 6379'],
      (p) => [`users:\n- name: a\n  user:\n    token: ${p}\n`, '- name: a'],
      (p) => [`ALTER USER shop WITH PASSWORD '${p}';`, 'ALTER USER shop'],
      (p) => [`CREATE USER 'a'@'%' IDENTIFIED BY '${p}';`, 'CREATE USER'],
      (p) => [`//registry.example/:_authToken=${p}\n`, '//registry.example/'],
      (p) => [`kind: Secret\napiVersion: v1\nmetadata:\n  name: x\nstringData:\n  anything: ${p}\n`, 'name: x'],
      (p) => [
        `receivers:\n- name: mail\n  email_configs:\n  - auth_password: ${p}\n    to: a@b.example\n`,
        'to: a@b.example',
      ],
      (p) => [
        `proxy_set_header Authorization "Basic ${base64(`a:${p}`)}";\nproxy_pass http://x;\n`,
        'proxy_pass http://x',
      ],
      (p) => [`env:\n- name: DB_PASSWORD\n  value: ${p}\n- name: LEVEL\n  value: debug\n`, 'value: debug'],
      (p) => [`db.example:5432:shop:app:${p}\n`, 'db.example:5432:shop:app:'],
      (p) => [`args:\n- --password\n- ${p}\n- --verbose\n`, '- --verbose'],
      (p) => [`config = Config(password="${p}", retries=3)`, 'retries=3'],
      (p) => [`credentials:\n  key: |\n    ${p}\n    ${p}\nport: 80\n`, 'port: 80'],
    ];
    return files.flatMap((file): Made[] => {
      const [one, two] = [`${d.alnum(11)}7x`, `${d.alnum(15)}3Kq`];
      const [first, kept] = file(one);
      const [second] = file(two);
      // One that is a block below `key:`, which is only a weak name, is told by its contents alone.
      return [
        {
          value: first,
          secrets: first.includes('Basic') ? [base64(`a:${one}`)] : [one],
          kept: first.startsWith('{') ? [] : [kept],
        },
        { value: { data: { 'app.conf': second } }, secrets: second.includes('Basic') ? [base64(`a:${two}`)] : [two] },
      ];
    });
  },
  'messages of the API server': (d) => {
    const [a, b, c] = [d.alnum(16), d.alnum(16), d.alnum(16)];
    return [
      {
        value: `Database.example.com "d" is invalid: spec.password: Invalid value: "${a}": must be shorter`,
        secrets: [a],
        kept: ['must be shorter'],
      },
      {
        value: `Pod "x" is invalid: spec: Forbidden: ...\n   "Env": [\n    {\n      "Name": "DB_PASSWORD",\n-     "Value": "${b}",\n+     "Value": "${c}",\n`,
        secrets: [b, c],
        kept: ['Forbidden'],
      },
    ];
  },
  packed: (d): Made[] => {
    const body = `H4sI${d.base64(400)}`;
    return [
      {
        value: { data: { release: Buffer.from(body).toString('base64') } },
        secrets: [Buffer.from(body).toString('base64').slice(10, 60)],
      },
      { value: { data: { any: body } }, secrets: [body.slice(10, 60)] },
      { value: { binaryData: { x: base64(`user=a\npassword=${d.alnum(20)}\n`) } }, secrets: [], kept: [] },
    ];
  },
  'values under weaker names': (d) =>
    ['key', 'app-key', 'auth', 'salt', 'MAPBOX_KEY', 'seed'].map((name) => {
      const value = d.base64(44);
      return { value: { [name]: value, level: 'x' }, secrets: [value] };
    }),
  'as people write them': (d) => {
    const S = d.alnum(16);
    const written: readonly (readonly [field: string, value: JsonValue])[] = [
      ['args', ['-c', `redis-server --requirepass ${S} --appendonly yes`]],
      ['args', ['server', '--basic-auth-password-hash', S]],
      ['args', ['-Dspring.datasource.password=' + S, '-jar', 'a.jar']],
      ['env', [{ name: 'JAVA_OPTS', value: '-Xmx1g -Djavax.net.ssl.keyStorePassword=' + S }]],
      ['env', [{ name: 'SPRING_APPLICATION_JSON', value: `{"spring":{"mail":{"password":"${S}"}}}` }]],
      ['env', [{ name: 'CONFIG', value: `user=a;pwd=${S};x=1` }]],
      ['', `kubectl create secret generic x --from-literal password=${S}`],
      ['', `kubectl config set-credentials me --token=${S}`],
      ['', `kubectl config set-credentials me --password ${S}`],
      ['', `helm install x y --set auth.password=${S},auth.username=a`],
      ['', `helm upgrade x y --set-string global.apiToken=${S}`],
      ['args', ['helm', 'upgrade', 'x', 'y', '--set', `auth.rootPassword=${S}`]],
      ['', `git clone https://oauth2:${S}@gitlab.example/a.git`],
      ['', `git config --global http.extraheader "AUTHORIZATION: basic ${S}"`],
      ['', `curl -H 'X-Vault-Token: ${S}' http://v`],
      ['', `curl -H "PRIVATE-TOKEN: ${S}" http://v`],
      ['', `curl -H "apikey: ${S}" http://v`],
      ['', `curl --data '{"username":"a","password":"${S}"}' http://v`],
      ['', `curl -d "user=a&password=${S}" http://v`],
      ['', `curl "http://v/?api_key=${S}&x=1"`],
      ['', `wget --http-user=a --http-password=${S} http://v`],
      ['', `echo ${S} | docker login --password-stdin -u me r`],
      ['', `echo "${S}" | passwd --stdin root`],
      ['', `psql "host=db user=a password='${S}' dbname=x"`],
      ['', `mysql --user=root --password='${S}' -e 'show tables'`],
      ['', `mysql -uroot -p'${S}' x`],
      ['', `PGPASSWORD='${S}' psql`],
      ['', `export AWS_SECRET_ACCESS_KEY=${S}${S}`],
      ['', `vault write auth/approle/login role_id=x secret_id=${S}`],
      ['', `vault kv put secret/db password=${S}`],
      ['', `consul kv get -token=${S} x`],
      ['', `etcdctl --user root:${S} get x`],
      ['', `ssh-keygen -t rsa -N ${S} -f k`],
      ['', `gpg --passphrase ${S} -d f`],
      ['', `az storage blob list --account-key ${S}${S}==`],
      ['', `gh auth login --with-token <<< ${S}`],
      ['', `rclone config create x s3 secret_access_key ${S}`],
      ['', `spring:\n  datasource:\n    url: jdbc:x\n    password: '${S}'\n`],
      ['', `auth:\n  basic:\n    - user: a\n      pass: ${S}\n`],
      ['', `smtp_auth_password: ${S}\n`],
      ['', `slack_api_url: 'https://hooks.slack${'.com'}/services/T00000000/B00000000/${S}XXXXXXXX'`],
      ['', `[client]\npassword="${S}"\n`],
      ['', `const apiKey = "${S}";`],
      ['', `os.environ["API_KEY"] = "${S}"`],
      ['', `client = Client(api_key='${S}')`],
      ['', `db := Config{Password: "${S}", Host: "db"}`],
      ['', `password => "${S}"`],
      ['', `"password" : '${S}'`],
      ['', `The password for user admin is: ${S}`],
      ['', `Login with user admin and password "${S}"`],
      ['', `Error: authentication failed for admin:${S}@db.example`],
      ['', `dial tcp: redis://default:${S}@cache:6379: timeout`],
      ['', `invalid character in DB_PASSWORD value "${S}"`],
      ['', `<add key="Password" value="${S}" />`],
      ['', `<property name="hibernate.connection.password">${S}</property>`],
      ['data', { 'ldap.toml': `bind_password = "${S}"` }],
      ['data', { 'grafana.ini': `[security]\nadmin_password = ${S}\nsecret_key = ${S}` }],
      ['data', { 'wg0.conf': `[Interface]\nPrivateKey = ${S}${S}${S.slice(0, 11)}=\n` }],
      ['data', { 'rabbitmq.conf': `default_pass = ${S}\n` }],
      ['data', { '.env': `A=1\nSTRIPE_SECRET=${S}\n` }],
      ['data', { 'users.acl': `user default on >${S} ~* +@all` }],
      ['data', { 'haproxy.cfg': `stats auth admin:${S}\n` }],
      ['data', { 'settings.py': `DATABASES = {'default': {'PASSWORD': '${S}'}}` }],
      ['annotations', { 'external-dns/cloudflare-api-token': S }],
      ['spec', { auth: { basic: { username: 'a', password: S } } }],
      ['spec', { auth: { bearer: { token: S } } }],
      ['spec', { webhook: { headers: [{ key: 'Authorization', value: `Bearer ${S}` }] } }],
      ['spec', { parameters: [{ name: 'dbPassword', value: S }] }],
      [
        'spec',
        {
          source: { helm: { parameters: [{ name: 'auth.password', value: S }], values: `auth:\n  password: ${S}\n` } },
        },
      ],
      ['spec', { steps: [{ script: `docker login -u a -p ${S} r.example` }] }],
      ['', `ansible_become_password: ${S}`],
      ['', `TF_VAR_db_password=${S} terraform apply`],
      ['args', ['--set-file', 'x', '--set', `postgresql.postgresqlPassword=${S}`]],
      ['', `sudo -S <<< "${S}" apt update`],
      ['', `mysqladmin -u root password '${S}'`],
      ['', `openssl pkcs12 -export -passout pass:${S} -in a`],
      ['', `keytool -genkey -storepass ${S} -keypass ${S}`],
      ['', `java -jar x.jar --spring.redis.password=${S}`],
      ['', `nats pub x y --user a --password ${S}`],
      ['', `mc alias set m http://minio AKX ${S}${S}`],
      ['', `argocd login x --username admin --password ${S}`],
      ['', `flux create secret git x --password=${S}`],
      ['', `psql postgresql://app@db/shop?password=${S}`],
      ['', `curl https://x/?X-Amz-Signature=${S}&a=1`],
      ['', `http --auth admin:${S} GET x`],
      ['', `gsutil -o Credentials:gs_secret_access_key=${S} ls`],
      ['', `smbclient //x/y -U 'a%${S}'`],
      ['', `lftp -u me,${S} ftp.x`],
      ['', `snowsql -a x -u y --private-key-passphrase ${S}`],
      ['', `kubectl annotate pod x api-token=${S}`],
      ['', `kubectl label x y=z --token="${S}"`],
      ['', `kubectl run x --image=y --env="DB_PASS=${S}"`],
      ['', `kubectl patch secret x -p '{"stringData":{"password":"${S}"}}'`],
      ['', `kubectl set env deploy/x REDIS_PASSWORD=${S}`],
      ['', `Set-Cookie: sid=${S}; HttpOnly`],
      ['', `x-api-key: ${S}`],
      ['', `{"access_token":"${S}","expires_in":3600}`],
      ['', `refresh_token=${S}&grant_type=refresh_token`],
      ['', `level=info msg="login" user=a password=${S}`],
      ['', `2026-05-04 INFO token=${S} accepted`],
      ['', `{"level":"info","authToken":"${S}"}`],
      ['', `panic: cannot parse "postgres://app:${S}@db:5432/x": bad`],
      ['data', { 'values.yaml': `auth:\n  existingSecret: ""\n  adminPassword: "${S}"\n` }],
      ['data', { 'alertmanager.yml': `global:\n  smtp_auth_password: '${S}'\n  pagerduty_url: x\n` }],
      ['data', { 'fluent.conf': `<match **>\n  user fluent\n  password ${S}\n</match>` }],
      ['data', { 'nginx.htpasswd': `admin:{SHA}${S}${S.slice(0, 11)}=` }],
      ['data', { id_rsa: `-----BEGIN OPENSSH PRIVATE${' KEY'}-----\n${S}` }],
      [
        'data',
        {
          'kafka.properties': `sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password="${S}";`,
        },
      ],
      ['data', { 'my.cnf': `[client]\npassword=${S}` }],
      ['data', { 'config.toml': `[auth]\n  private_token = "${S}"` }],
      ['data', { 'app.ini': `SECRET_KEY = ${S}\nINTERNAL_TOKEN = ${S}` }],
      [
        'env',
        [
          { name: 'NPM_TOKEN', value: S },
          { name: 'SONAR_LOGIN', value: 'x' },
        ],
      ],
      ['env', [{ name: 'CLOUDFLARE_API_KEY', value: S }]],
      ['env', [{ name: 'TELEGRAM_BOT_TOKEN', value: S }]],
      ['env', [{ name: 'RABBITMQ_DEFAULT_PASS', value: S }]],
      ['env', [{ name: 'OAUTH2_PROXY_COOKIE_SECRET', value: S }]],
      ['env', [{ name: 'GF_SECURITY_ADMIN_PASSWORD', value: S }]],
      ['env', [{ name: 'MONGO_INITDB_ROOT_PASSWORD', value: S }]],
      ['env', [{ name: 'ELASTIC_PASSWORD', value: S }]],
      ['env', [{ name: 'HTTP_PROXY', value: `http://u:${S}@proxy:3128` }]],
    ];
    return written.map(([field, value]) => ({ field, value, secrets: [S] }));
  },
};

export function positives(draw: Draw): Positive[] {
  return Object.entries(families).flatMap(([family, make]) =>
    make(draw)
      .filter(({ secrets }) => secrets.length > 0)
      .map((made) => ({ field: '', kept: [], ...made, family })),
  );
}
