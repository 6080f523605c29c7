// The computing half of script/scale: from measured figures to the tables of docs/scaling.md.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const DOCS = fileURLToPath(new URL('../docs/scaling.md', import.meta.url))
const MEMBERS = [1e4, 1e6, 1e8]

/** What no measurement can know: value and meaning. */
const assumptions = {
  active: [0.1, 'share of the members who come on a day'],
  pages: [20, 'pages that one of them opens on that day'],
  cold: [0.2, 'share of these that nothing is cached for'],
  logins: [0.2, 'logins of one of them on that day'],
  peak: [0.15, 'share of a day in its busiest hour'],
  tabs: [0.05, 'share of the day\'s members with an open page in that hour'],
  sessions: [1.5, 'sessions of a member that have not ended'],
  history: [200, 'lines of activity of a member (as long as activity.keep keeps them)'],
  used: [0.5, 'share of a machine that may be used in the busiest hour'],
  site_cores: [8, 'cores of a machine for instances, of the kind that was measured'],
  site_gib: [16, 'its memory, GiB'],
  database_cores: [32, 'cores of the largest database server'],
  database_gib: [256, 'its memory, GiB'],
  cache_gib: [64, 'memory of the largest cache server, GiB'],
  connections: [500, 'connections that one PostgreSQL serves well'],
  connections_each: [17, 'connections of an instance: database.max_connections and one that listens'],
  tabs_each: [2048, 'open pages of an instance: half of server.max_connections'],
}

const [file, ...rest] = process.argv.slice(2)
const bench = JSON.parse(readFileSync(file, 'utf8'))
const { warm, cold, login, bytes } = bench.several ?? stop(`${file} has no figures of several instances: script/bench --json writes them`)
const a = Object.fromEntries(Object.entries(assumptions).map(([name, [value]]) => [name, value]))
for (const argument of rest.filter((argument) => argument !== '--write')) {
  const [name, value] = argument.split('=')
  if (!(name in a) || !(Number(value) > 0)) stop(`${argument}: not a NAME=VALUE with one of ${Object.keys(a).join(', ')}`)
  a[name] = Number(value)
}

function stop(why) {
  console.error(`error: ${why}`)
  process.exit(2)
}

/** Machines, or shares of one, that this many members need in the busiest hour. */
function needs(members) {
  const active = members * a.active
  const a_second = (a_day) => (active * a_day * a.peak) / 3600
  const rates = { warm: a_second(a.pages * (1 - a.cold)), cold: a_second(a.pages * a.cold), login: a_second(a.logins) }
  const cores = (key) => ['warm', 'cold', 'login'].reduce((sum, kind) => sum + rates[kind] * measured[kind][key], 0) / 1e6 / a.used
  const measured = { warm: warm.one, cold: cold.one, login: login.one }
  const gib = (bytes) => bytes / 2 ** 30
  const tabs = active * a.tabs
  const site_cores = cores('cpu_us')
  const instances = Math.max(1, Math.ceil(site_cores / a.site_cores), Math.ceil(tabs / a.tabs_each))
  const row = bytes.users + bytes.sessions * a.sessions + bytes.activity * a.history + bytes.known_devices * a.sessions
  return {
    rates,
    tabs,
    site_cores,
    login_cores: (rates.login * login.one.cpu_us) / 1e6 / a.used,
    database_cores: cores('database_us'),
    instances,
    site_gib: gib(tabs * bytes.tab + active * bytes.member_in_memory * a.tabs),
    cache_gib: gib(active * a.peak * bytes.member_in_cache),
    database_gib: gib(members * row),
    activity_gib: gib(members * bytes.activity * a.history),
    connections: instances * a.connections_each,
  }
}

/** Each resource as a part of one machine; what is over 1 needs what stands beside it. */
const walls = (need) =>
  [
    ['instances: CPU', need.site_cores / a.site_cores, 'more instances'],
    ['instances: open pages', need.tabs / a.tabs_each, 'more instances, or a higher `server.max_connections`'],
    ['instances: hashes of logins', need.login_cores / a.site_cores, 'hosts that only hash'],
    ['database: CPU', need.database_cores / a.database_cores, 'read replicas for what is cold'],
    ['database: what does not fit into its memory', need.database_gib / a.database_gib, 'partitioned activity'],
    ['database: connections', need.connections / a.connections, 'pgbouncer in session mode, fewer connections for each instance'],
    ['cache: memory', need.cache_gib / a.cache_gib, 'a cache cluster'],
  ].sort((one, other) => other[1] - one[1])

const short = (number) =>
  number >= 1000 ? Math.round(number).toLocaleString('en') : number >= 10 ? String(Math.round(number)) : String(Number(number.toPrecision(2)))
const table = (head, rows) =>
  [head, head.map((_, index) => (index ? '--:' : '---')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const all = MEMBERS.map(needs)
const line = (name, of) => [name, ...all.map((need) => short(of(need)))]
const piece = (name, { one }) => [name, short(one.cpu_us), short(one.database_us)]
const tables = [
  `Measured on ${bench.date.slice(0, 10)} by \`script/bench\` on ${bench.machine.cores} cores (${bench.machine.cpu}), PostgreSQL and Redis on the same machine.`,
  table(['piece', 'CPU of the site, µs', 'CPU of the database, µs'], [
    piece('a page out of the page cache', warm),
    piece('a page that nothing is cached for', cold),
    piece('a login', login),
  ]),
  table(['piece', 'bytes'], [
    ...[['a row of `users`, with its indexes', 'users'], ['a session', 'sessions'], ['a known browser', 'known_devices']],
    ...[['a line of activity', 'activity'], ['a member in the memory of an instance', 'member_in_memory']],
    ...[['a member in the cache server', 'member_in_cache'], ['an open page, in the memory of its instance', 'tab']],
  ].map(([name, key]) => [name, short(bytes[key])])),
  'Assumed, and to be replaced by what you know (`script/scale FILE NAME=VALUE`):',
  table(['name', 'value', 'is'], Object.entries(assumptions).map(([name, [, meaning]]) => [`\`${name}\``, String(a[name]), meaning])),
  'Computed, for the busiest hour:',
  table(['members', ...MEMBERS.map((members) => members.toLocaleString('en'))], [
    line('warm pages a second', (need) => need.rates.warm),
    line('cold pages a second', (need) => need.rates.cold),
    line('logins a second', (need) => need.rates.login),
    line('open pages (a connection each)', (need) => need.tabs),
    line('cores for instances', (need) => need.site_cores),
    line('of these for hashes of logins', (need) => need.login_cores),
    line('instances', (need) => need.instances),
    line('cores for the database', (need) => need.database_cores),
    line('connections to the database', (need) => need.connections),
    line('database, GiB', (need) => need.database_gib),
    line('of these activity, GiB', (need) => need.activity_gib),
    line('cache server, GiB', (need) => need.cache_gib),
  ]),
  'How much of one machine each takes. The first wall is the highest; over 1 it is hit.',
  table(['members', 'first', 'then', 'then'], all.map((need, index) => [
    MEMBERS[index].toLocaleString('en'),
    ...walls(need).slice(0, 3).map(([name, part, remedy]) => `${name}: ${short(part)}${part > 1 ? ` → ${remedy}` : ''}`),
  ])),
].join('\n\n')

if (rest.includes('--write')) {
  const [begin, end] = ['<!-- script/scale: begin -->', '<!-- script/scale: end -->']
  const text = readFileSync(DOCS, 'utf8')
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  if (from < begin.length || to < 0) stop(`${DOCS} has no place for the tables`)
  writeFileSync(DOCS, `${text.slice(0, from)}\n\n${tables}\n\n${text.slice(to)}`)
} else {
  console.log(tables)
}
