// The measuring half of script/bench, which builds everything first and passes on where to write the JSON.
// Node alone, and Lighthouse from the npm registry. Only files in a fresh folder and addresses on loopback are touched.

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { lighthouse } from './lighthouse.mjs'
import { measureSeveral, printSeveral, targetsOf } from './bench-several.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const [PYTHON, JSON_FILE, PROGRAM, ONLY_SEVERAL] = process.argv.slice(2)
const SECONDS = 5
const ROUNDS = 3
const CONNECTIONS = 16
const COLD_MEMBERS = 2000
const DJANGO_MEMBERS = 500
const COLD_SECONDS = 10 // at most
const QUERY_REQUESTS = 20
const STARTS = 5
const LOGIN_PAIRS = 200
const FLOOD_CLIENTS = 32
const FLOOD_SECONDS = 10
const PROBES_A_SECOND = 100
const HASH_MIB = 19 // the default of passwords.memory_kib
const HASH_SLOTS = Math.max(1, cpus().length - 1) // the default of passwords.slots

const folder = mkdtempSync(join(tmpdir(), 'members-area-bench-'))
const running = new Set()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1))

const say = (text) => console.log(`==> ${text}`)
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
const fail = (text) => {
  throw new Error(text)
}

// ---- Starting and stopping ----

let starts = 0

/** Starts a server that says what URL it is listening on, and waits until `path` answers 200. */
async function start(program, args, env, path) {
  const log = join(folder, `${++starts}.log`)
  const output = openSync(log, 'w')
  const began = performance.now()
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', output, output] })
  running.add(child)
  let ended = false
  child.on('exit', () => (ended = running.delete(child)))
  child.on('error', (error) => {
    writeFileSync(log, error.message)
    ended = true
  })
  let url
  for (;;) {
    url ??= readFileSync(log, 'utf8').match(/Listening (?:on|at:) (http:\/\/\S+)/)?.[1]
    if (url && (await get(url + path).catch(() => null))?.status === 200) break
    if (ended || performance.now() - began > 30_000) {
      fail(`${program} did not start:\n${readFileSync(log, 'utf8')}`)
    }
    await sleep(5)
  }
  return { child, url, log, ms: performance.now() - began }
}

async function stop({ child }) {
  const gone = new Promise((resolve) => child.on('exit', resolve))
  child.kill('SIGTERM')
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(late)
}

const program = PROGRAM
// Beside these the defaults: in this folder there is no Leptos.toml.
const settings = (database, level) => ({
  MEMBERS_AREA_SERVER__ADDRESS: '127.0.0.1:0',
  MEMBERS_AREA_DATABASE__URL: `sqlite://${join(folder, database)}`,
  MEMBERS_AREA_LOG__FILE: '',
  MEMBERS_AREA_LOG__LEVEL: level,
})
const startSite = (database, level = 'warn', more = {}) =>
  start(program, ['serve'], { ...settings(database, level), ...more }, '/healthz')

/** Every page is rendered, from data that is cached. */
const rendered = { MEMBERS_AREA_CACHE__PAGES: 'false' }
/** What browsers say. */
const packed = { 'accept-encoding': 'gzip, deflate, br' }

/** A handler of axum's that answers with the same bytes under the same headers of the content, and does nothing else. */
function startBare({ body, headers }) {
  const saved = join(folder, `answer-${starts}`)
  writeFileSync(saved, body)
  const content = ['content-type', 'content-encoding', 'vary', 'cache-control'].filter((name) => headers[name])
  const args = [saved, '127.0.0.1:0', ...content.map((name) => `${name}: ${headers[name]}`)]
  return start(join(ROOT, 'target/bare_axum/dist/bare_axum'), args, {}, '/')
}

/** The same dashboard from Django, with as many workers as there are cores. */
function startDjango() {
  const options = ['--workers', cpus().length, '--worker-class', 'gthread', '--threads', CONNECTIONS, '--keep-alive', '30']
  const args = ['-m', 'gunicorn', ...options, '--bind', '127.0.0.1:0', '--no-control-socket', 'django_dashboard:application']
  return start(PYTHON, args, { BENCH_FOLDER: folder, PYTHONPATH: join(ROOT, 'examples') }, '/healthz')
}

/** Fills a database with made-up members and returns a file with the Cookie header of each. */
function signIn(database, members, more = {}) {
  const sessions = join(folder, `sessions-${database}`)
  const args = ['demo', '--members', members, '--sessions', sessions]
  execFileSync(program, args, { cwd: folder, env: { ...process.env, ...settings(database, 'warn'), ...more } })
  return sessions
}

// ---- Measuring ----

/** One GET on a connection of its own; the body comes as it is on the wire, still compressed. */
function get(url, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers, agent: false }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }))
      response.on('error', reject)
    })
    request.on('error', reject)
  })
}

async function getOk(url, headers) {
  const answer = await get(url, headers)
  return answer.status === 200 ? answer : fail(`${url} answered ${answer.status} instead of 200`)
}

const memory = ({ child }) =>
  Number(readFileSync(`/proc/${child.pid}/status`, 'utf8').match(/^VmRSS:\s+(\d+) kB$/m)[1]) / 1024

/** Microseconds of CPU time that the server and its workers have used so far; the kernel counts in hundredths of a second. */
function cpu({ child }) {
  const workers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ').filter(Boolean)
  const used = [child.pid, ...workers].map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')
    return Number(fields[11]) + Number(fields[12])
  })
  return used.reduce((sum, ticks) => sum + ticks) * 10_000
}

const report = `done = function(summary, latency)
     local e = summary.errors
     io.write(string.format('\\n{"requests":%d,"per_second":%f,"p50_ms":%f,"p99_ms":%f,"errors":%d}\\n', summary.requests,
       summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
       e.connect + e.read + e.write + e.status + e.timeout))
   end
`
writeFileSync(join(folder, 'report.lua'), report)
// Every member once.
writeFileSync(
  join(folder, 'cold.lua'),
  `${report}
   local cookies, sent, answered = {}, 0, 0
   for line in io.lines(os.getenv('SESSIONS')) do cookies[#cookies + 1] = line end
   request = function()
     sent = sent % #cookies + 1
     wrk.headers['cookie'] = cookies[sent]
     return wrk.format()
   end
   response = function()
     answered = answered + 1
     if answered == #cookies then wrk.thread:stop() end
   end`,
)

/** Loads one address; wrk runs beside this process, so nothing here slows the answers down. */
async function load({ server, url, headers, script = 'report.lua', env = {}, connections = CONNECTIONS, page = url }, seconds = SECONDS) {
  const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', join(folder, script), ...named, url]
  const before = cpu(server)
  const wrk = spawn('wrk', args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  running.add(wrk)
  let output = ''
  wrk.stdout.on('data', (text) => (output += text))
  await new Promise((resolve) => wrk.on('close', resolve))
  running.delete(wrk)
  const result = JSON.parse(output.match(/^\{.*\}$/m)?.[0] ?? fail(`wrk said:\n${output}`))
  result.cpu_us = (cpu(server) - before) / result.requests
  // wrk takes a redirect for an answer like any other, so one more request has to be a real page.
  await getOk(page, headers)
  return result.errors === 0 ? result : fail(`${result.errors} requests to ${url} failed under load`)
}

/** Interleaved, so that a busy moment of the machine does not fall on one of them alone. */
async function compare(targets) {
  for (const target of targets) await load(target, 1)
  const runs = new Map(targets.map((target) => [target, []]))
  for (let round = 1; round <= ROUNDS; round++) {
    for (const target of targets) {
      say(`Round ${round} of ${ROUNDS}: ${target.name} (${SECONDS} s)`)
      runs.get(target).push(await load(target))
    }
  }
  return Object.fromEntries(targets.map((target) => [target.name, middle(runs.get(target))]))
}

/** The medians of several runs. */
function middle(runs) {
  const keys = ['per_second', 'p50_ms', 'p99_ms', 'cpu_us']
  return { ...Object.fromEntries(keys.map((key) => [key, median(runs.map((run) => run[key]))])), runs }
}

/**
 * The first dashboard of each member, in a site that has just started: session, member, data and page are in no cache.
 * In turns with Django, for only what is measured in the same minute can be compared.
 */
async function compareCold() {
  // That a member was seen is written after the answer, once a minute; here it would be in some rounds and not in others.
  const startCold = () => startSite('cold.db', 'warn', { MEMBERS_AREA_SESSIONS__TOUCH_EVERY: '10m' })
  const django = join(folder, 'sessions-django')
  const made = execFileSync(PYTHON, [join(ROOT, 'examples/django_dashboard.py'), folder, DJANGO_MEMBERS])
  writeFileSync(django, made)
  const sites = [
    { name: 'cold', begin: startCold, sessions: signIn('cold.db', COLD_MEMBERS), members: COLD_MEMBERS },
    { name: 'django', begin: startDjango, sessions: django, members: DJANGO_MEMBERS },
  ]
  const runs = { cold: [], django: [] }
  for (let round = 1; round <= ROUNDS; round++) {
    for (const { name, begin, sessions, members } of sites) {
      say(`Round ${round} of ${ROUNDS}: ${members} ${name} dashboards`)
      const [cookie] = readFileSync(sessions, 'utf8').split('\n')
      const server = await begin()
      const headers = { cookie, ...packed }
      const url = `${server.url}/members/dashboard`
      const run = await load({ server, url, headers, script: 'cold.lua', env: { SESSIONS: sessions } }, COLD_SECONDS)
      await stop(server)
      if (run.requests < members) fail(`only ${run.requests} of ${members} ${name} dashboards were answered in ${COLD_SECONDS} s`)
      runs[name].push(run)
    }
  }
  return { cold: middle(runs.cold), django: middle(runs.django) }
}

/** The page out of the page cache, once that has packed it as well as it does. */
async function settled({ url, headers }) {
  for (let i = 0; i < 100; i++) {
    const page = await getOk(url, headers)
    if (page.headers['x-cache']?.startsWith('HIT') && page.headers['content-encoding'] === 'br') return page
    await sleep(10)
  }
  return fail(`${url} does not come out of the page cache`)
}

async function measureStarts(name, database) {
  const times = []
  for (let i = 0; i < STARTS; i++) {
    const site = await startSite(database(i))
    times.push(site.ms)
    await stop(site)
  }
  say(`Start-up, ${name}: ${times.map((ms) => ms.toFixed(0)).join(', ')} ms`)
  return median(times)
}

/** What a first visit to a page fetches: the page and every file of the same site that it names. */
async function weigh(page) {
  const html = (await getOk(page)).body.toString()
  const references = new Set([page])
  const add = (reference, base) => {
    const url = new URL(reference.replaceAll('&amp;', '&'), base)
    if (url.origin === new URL(page).origin) references.add(url.href)
  }
  const value = (tag, name) => tag.match(new RegExp(`\\s${name}=["']?([^"'\\s>]+)`, 'i'))?.[1]
  for (const [tag] of html.matchAll(/<(?:link|script|img)\b[^>]*>/gi)) {
    const isLink = /^<link/i.test(tag)
    // Other links (canonical, alternate …) name pages, which no browser fetches.
    if (isLink && !/\brel=["']?(stylesheet|icon|preload|modulepreload|manifest)\b/i.test(tag)) continue
    // Of several icons a browser takes the one that it likes best.
    if (isLink && /\bsizes=/i.test(tag)) continue
    const reference = value(tag, isLink ? 'href' : 'src')
    if (reference) add(reference, page)
  }
  // The script that starts the page fetches these.
  for (const [, reference] of html.matchAll(/(?:fetch|import)\("([^"]+)"\)/g)) add(reference, page)
  // A page without an icon makes the browser ask for this one.
  const icon = new URL('/favicon.ico', page).href
  if (!/\brel=["']?[^"'>]*\bicon\b/i.test(html) && (await get(icon)).status === 200) references.add(icon)

  const files = []
  // What a style or a script names is added while this runs, and so is fetched too.
  for (const url of references) {
    const plain = await getOk(url)
    const packed = await getOk(url, { 'accept-encoding': 'br' })
    files.push({ path: new URL(url).pathname, raw: plain.body.length, compressed: packed.body.length })
    const named = url.endsWith('.css') ? /url\(["']?([^"')]+)/g : url.endsWith('.js') ? /\bfrom ?["'](\.[^"']+)/g : null
    if (named) for (const [, reference] of plain.body.toString().matchAll(named)) add(reference, url)
  }
  for (const ending of ['.js', '.wasm', '.css']) {
    if (!files.some(({ path }) => path.endsWith(ending))) fail(`${page} names no ${ending} file: its weight would mean nothing`)
  }
  const sum = (key) => files.reduce((total, file) => total + file[key], 0)
  return { raw: sum('raw'), compressed: sum('compressed'), files }
}

/** Scores pages with Lighthouse. Of the dashboard, which no search engine may read, only the time counts. */
async function scorePages(url, cookie) {
  const scores = {}
  for (const [name, path, headers] of [
    ['home', '/', {}],
    ['login', '/accounts/login', {}],
    ['sign-up', '/accounts/signup', {}],
    ['dashboard', '/members/dashboard', { cookie }],
  ]) {
    scores[name] = await lighthouse(`${url}${path}`, headers)
    say(`Lighthouse, ${name}: ${Object.values(scores[name]).join(', ')}`)
  }
  return scores
}

/** Counts the queries of warm dashboards, by what the log says of each request: the site also looks for news by itself. */
async function countQueries(database, cookie) {
  const site = await startSite(database, 'info', rendered)
  for (let i = 0; i <= QUERY_REQUESTS; i++) await getOk(`${site.url}/members/dashboard`, { cookie })
  await stop(site)
  const lines = readFileSync(site.log, 'utf8').split('\n').filter((line) => line.includes('Request: GET /members/dashboard'))
  const [cold, ...warm] = lines.map((line) => Number(line.match(/\bqueries=(\d+)/)?.[1] ?? fail(`no number of queries in: ${line}`)))
  if (!(cold > 0)) fail('the log shows no query even for a cold start: a count of 0 would prove nothing')
  if (warm.length !== QUERY_REQUESTS) fail(`${warm.length} of ${QUERY_REQUESTS} warm dashboards are in the log`)
  return { requests: QUERY_REQUESTS, queries: warm.reduce((sum, queries) => sum + queries), before_warm: cold }
}

// ---- Logins ----

/** So that only the hash and its queue are in the way; what a visitor would be throttled by is tested elsewhere. */
const unthrottled = Object.fromEntries(
  ['LOGIN_PER_ADDRESS', 'FAILED_LOGIN_PER_ADDRESS', 'FAILED_LOGIN_PER_ACCOUNT'].map((key) => [
    `MEMBERS_AREA_THROTTLE__${key}`,
    '100000000/1m',
  ]),
)

/** One login by the hydrated page's way, on a connection that is kept; milliseconds and status. */
function logIn(url, agent, login) {
  const body = new URLSearchParams({ login, password: 'not this one' }).toString()
  const headers = {
    accept: 'application/json',
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': body.length,
    'sec-fetch-site': 'same-origin',
  }
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const request = http.request(`${url}/api/accounts/log_in`, { method: 'POST', agent, headers }, (response) => {
      response.on('data', () => {})
      response.on('end', () => resolve({ ms: performance.now() - began, status: response.statusCode }))
      response.on('error', reject)
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** Whether the time tells who has an account: an unknown name and a wrong password, in turns, in random order. */
async function compareLogins(site) {
  say(`Logins: ${LOGIN_PAIRS} with an unknown name, ${LOGIN_PAIRS} with a wrong password`)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const times = { unknown: [], wrong: [] }
  for (let i = -5; i < LOGIN_PAIRS; i++) {
    const pair = [['unknown', `nobody${i}`], ['wrong', `demo00000${(Math.abs(i) % 5) + 1}`]]
    if (Math.random() < 0.5) pair.reverse()
    for (const [kind, login] of pair) {
      const { ms, status } = await logIn(site.url, agent, login)
      if (status !== 200) fail(`a login was answered with ${status}`)
      if (i >= 0) times[kind].push(ms)
    }
  }
  agent.destroy()
  return { unknown_ms: median(times.unknown), wrong_ms: median(times.wrong) }
}

/** How the cache in memory grows, and how often it computes what many miss at once. */
function measureCache() {
  say('The cache in memory: ten million keys (about a minute)')
  return JSON.parse(execFileSync(join(ROOT, 'target/dist/examples/measure_cache')))
}

/** Opens the warm dashboard at an even pace; the 99th of 100. */
async function probe(site, cookie, seconds) {
  const agent = new http.Agent({ keepAlive: true })
  const times = []
  const open = () =>
    new Promise((resolve, reject) => {
      const began = performance.now()
      http
        .get(`${site.url}/members/dashboard`, { agent, headers: { cookie } }, (response) => {
          response.on('data', () => {})
          response.on('end', () => {
            if (response.statusCode !== 200) reject(new Error(`the dashboard answered ${response.statusCode}`))
            times.push(performance.now() - began)
            resolve()
          })
        })
        .on('error', reject)
    })
  const all = []
  const began = performance.now()
  for (let i = 0; i < seconds * PROBES_A_SECOND; i++) {
    await sleep(Math.max(0, began + (i * 1000) / PROBES_A_SECOND - performance.now()))
    all.push(open())
  }
  await Promise.all(all)
  agent.destroy()
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)]
}

/** Many log in at once, over and over; who is told to come back does so after a moment. */
async function flood(site, cookie) {
  await probe(site, cookie, 1)
  const idle = memory(site)
  const unloaded = await probe(site, cookie, FLOOD_SECONDS)
  say(`Flood: ${FLOOD_CLIENTS} clients log in for ${FLOOD_SECONDS} s`)
  let over = false
  let most = 0
  const statuses = {}
  const clients = Array.from({ length: FLOOD_CLIENTS }, async (_, number) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    while (!over) {
      const { status } = await logIn(site.url, agent, `nobody${number}`)
      statuses[status] = (statuses[status] ?? 0) + 1
      if (status !== 200) await sleep(250)
    }
    agent.destroy()
  })
  const watch = setInterval(() => (most = Math.max(most, memory(site))), 100)
  await sleep(500)
  const loaded = await probe(site, cookie, FLOOD_SECONDS)
  over = true
  await Promise.all(clients)
  clearInterval(watch)
  return { p99_unloaded_ms: unloaded, p99_loaded_ms: loaded, idle_mib: idle, most_mib: most, answers: statuses }
}

// ---- One run ----

async function measure() {
  const cookie = readFileSync(signIn('demo.db', 5), 'utf8').split('\n')[0] || fail('the demo opened no session')

  const cache = measureCache()
  const start_ms = await measureStarts('database at hand', () => 'demo.db')
  const first_start_ms = await measureStarts('empty database', (i) => `empty-${i}.db`)
  const queries = await countQueries('demo.db', cookie)
  say(`Queries in ${queries.requests} warm dashboards: ${queries.queries}`)

  const site = await startSite('demo.db', 'warn', rendered)
  const dashboard = { name: 'dashboard', server: site, url: `${site.url}/members/dashboard`, headers: { cookie } }
  if ((await get(dashboard.url)).status === 200) fail('the dashboard answers without a session: it is not the page to measure')
  await sleep(1000)
  const idle = memory(site)

  const page = await getOk(dashboard.url, dashboard.headers)
  const bare = await startBare(page)

  // The same dashboard out of the page cache, with the cookie that the bare handler is sent as well.
  const caching = await startSite('demo.db')
  const kept = { name: 'kept', server: caching, url: `${caching.url}/members/dashboard`, headers: { cookie, ...packed } }
  const keptPage = await settled(kept)
  const barePacked = await startBare(keptPage)
  const login = { name: 'login', server: caching, url: `${caching.url}/accounts/login`, headers: packed }
  const bareLogin = await startBare(await settled(login))
  const weight = await weigh(login.url)

  const rates = await compare([
    dashboard,
    login,
    { name: 'bare_login', server: bareLogin, url: `${bareLogin.url}/`, headers: packed },
    { name: 'bare', server: bare, url: `${bare.url}/`, headers: {} },
    kept,
    { name: 'bare_packed', server: barePacked, url: `${barePacked.url}/`, headers: kept.headers },
  ])
  const after_load = memory(site)
  const scores = await scorePages(caching.url, cookie)
  for (const server of [bare, bareLogin, barePacked, caching, site]) await stop(server)
  const { cold, django } = await compareCold()

  const calm = await start(program, ['serve'], { ...settings('demo.db', 'warn'), ...unthrottled }, '/healthz')
  await get(`${calm.url}/members/dashboard`, { cookie })
  const logins = await compareLogins(calm)
  const flooded = await flood(calm, cookie)
  await stop(calm)

  return {
    load: { ...rates, cold, django },
    dashboard_bytes: page.body.length,
    kept_bytes: keptPage.body.length,
    kept_of_bare: rates.kept.per_second / rates.bare_packed.per_second,
    dashboard_of_bare: rates.dashboard.per_second / rates.bare.per_second,
    rendered_of_django_cpu: rates.dashboard.cpu_us / django.cpu_us,
    login_of_bare_cpu: rates.login.cpu_us / rates.bare_login.cpu_us,
    cold_of_django: { cpu: cold.cpu_us / django.cpu_us, p50: cold.p50_ms / django.p50_ms },
    start_ms,
    first_start_ms,
    memory_mib: { idle, after_load },
    first_visit: weight,
    lighthouse: scores,
    dashboard_queries: queries,
    logins,
    flood: flooded,
    cache,
  }
}

const several = () =>
  measureSeveral({
    ...{ folder, program, fill: signIn, startSite, stop, load, cpu, memory, get, getOk, say, median, fail, report, unthrottled },
    ...{ rounds: ROUNDS, connections: CONNECTIONS },
  })

const judge = (results) => [
  ...(ONLY_SEVERAL ? [] : judgeOne(results)),
  ...targetsOf(results.several),
].map((target) => ({
  ...target,
  met:
    target.value >= (target.at_least ?? -Infinity) &&
    target.value <= (target.at_most ?? Infinity) &&
    target.value < (target.below ?? Infinity),
}))

const judgeOne = (results) => [
  { name: 'kept dashboard / bare handler', at_least: 0.8, value: results.kept_of_bare },
  { name: 'login page / bare handler, CPU', at_most: 1.3, value: results.login_of_bare_cpu },
  { name: 'rendered dashboard / Django\'s, CPU', at_most: 0.25, value: results.rendered_of_django_cpu },
  { name: 'cold dashboard / Django\'s, CPU', at_most: 0.5, value: results.cold_of_django.cpu },
  { name: 'cold dashboard / Django\'s, p50', at_most: 0.5, value: results.cold_of_django.p50 },
  { name: 'queries in the warm dashboard', at_most: 0, value: results.dashboard_queries.queries },
  { name: 'start to first 200, ms', below: 500, value: results.start_ms },
  { name: 'start on an empty database, ms', below: 500, value: results.first_start_ms },
  { name: 'memory after load, MiB', below: 80, value: results.memory_mib.after_load },
  { name: 'first visit, compressed, kB', below: 250, value: results.first_visit.compressed / 1000 },
  ...Object.entries(results.lighthouse).flatMap(([page, scores]) =>
    Object.entries(page === 'dashboard' ? { performance: scores.performance } : scores).map(([what, value]) => ({
      name: `Lighthouse, ${page}: ${what}`,
      at_least: what === 'performance' ? 98 : 100,
      value,
    })),
  ),
  {
    name: 'unknown and wrong login apart, %',
    at_most: 5,
    value: Math.abs(results.logins.unknown_ms / results.logins.wrong_ms - 1) * 100,
  },
  { name: 'dashboard p99, flooded / calm', below: 4, value: results.flood.p99_loaded_ms / results.flood.p99_unloaded_ms },
  {
    name: 'memory in the flood, MiB',
    at_most: Math.round(results.flood.idle_mib + HASH_SLOTS * HASH_MIB + 64),
    value: results.flood.most_mib,
  },
  { name: `cache: computed for ${results.cache.concurrent_misses} misses`, at_most: 1, value: results.cache.loads },
  { name: 'cache: growth under 10 million keys, MiB', at_most: results.cache.limit_mib, value: results.cache.growth_mib },
]

function table(results, targets) {
  if (!ONLY_SEVERAL) tableOfOne(results)
  printSeveral(results.several, row, short)
  console.log()
  row('target', 'measured', 'wanted', '')
  for (const { name, value, met, at_least, at_most, below } of targets) {
    const wanted = at_least !== undefined ? `>= ${at_least}` : at_most !== undefined ? `<= ${at_most}` : `< ${below}`
    row(name, short(value), wanted, met ? 'met' : 'MISSED')
  }
}

const short = (number) => (Number.isInteger(number) ? String(number) : number.toFixed(number < 10 ? 2 : number < 100 ? 1 : 0))
const row = (first, ...cells) => console.log(first.padEnd(40) + cells.map((cell) => String(cell).padStart(13)).join(''))

function tableOfOne(results) {
  const { load, memory_mib, first_visit } = results
  const names = {
    dashboard: 'dashboard, rendered from cached data',
    bare: 'bare axum, the dashboard\'s bytes',
    kept: 'dashboard, out of the page cache',
    bare_packed: 'bare axum, the same packed bytes',
    login: 'login page, out of the page cache',
    bare_login: 'bare axum, the same packed bytes',
    cold: 'dashboard, nothing cached',
    django: 'Django\'s dashboard, nothing cached',
  }

  console.log()
  row(`${CONNECTIONS} connections, ${ROUNDS} x ${SECONDS} s`, 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs')
  for (const [key, name] of Object.entries(names)) {
    const { per_second, p50_ms, p99_ms, cpu_us } = load[key]
    // Cold dashboards come once for each member: their number is no rate.
    row(name, key === 'cold' || key === 'django' ? '' : short(per_second), short(p50_ms), short(p99_ms), short(cpu_us))
  }
  console.log()
  row('start to first 200, ms', short(results.start_ms))
  row('  on an empty database', short(results.first_start_ms))
  row('memory idle, MiB', short(memory_mib.idle))
  row('memory after load, MiB', short(memory_mib.after_load))
  row('login, unknown name, ms', short(results.logins.unknown_ms))
  row('login, wrong password, ms', short(results.logins.wrong_ms))
  row('dashboard p99, calm, ms', short(results.flood.p99_unloaded_ms))
  row('dashboard p99, flooded, ms', short(results.flood.p99_loaded_ms))
  row('memory at most in the flood, MiB', short(results.flood.most_mib))
  row('queries in the warm dashboard', results.dashboard_queries.queries)
  row('dashboard page, bytes', results.dashboard_bytes)
  row('  as it is kept, Brotli', results.kept_bytes)
  row('  rendered, of a bare handler\'s requests', short(results.dashboard_of_bare))
  console.log()
  row('first visit to the login page', 'raw', 'compressed')
  for (const file of first_visit.files) row(`  ${file.path.replace(/\.[0-9a-zA-Z_-]{16,}\./, '.')}`, file.raw, file.compressed)
  row('  together, bytes', first_visit.raw, first_visit.compressed)
}

try {
  const results = { ...(ONLY_SEVERAL ? {} : await measure()), several: await several() }
  const targets = judge(results)
  table(results, targets)
  if (JSON_FILE) {
    const machine = { cores: cpus().length, cpu: cpus()[0]?.model, memory_gib: Math.round(totalmem() / 2 ** 30) }
    const how = { seconds: SECONDS, rounds: ROUNDS, connections: CONNECTIONS, starts: STARTS }
    writeFileSync(JSON_FILE, `${JSON.stringify({ date: new Date().toISOString(), machine, how, ...results, targets }, null, 2)}\n`)
    say(`Written to ${JSON_FILE}`)
  }
  const missed = targets.filter(({ met }) => !met).map(({ name }) => name)
  if (missed.length > 0) {
    console.log(`Missed: ${missed.join('; ')}`)
    process.exitCode = 1
  }
} catch (error) {
  console.error(`error: ${error.message}`)
  process.exitCode = 1
}
process.exit()
