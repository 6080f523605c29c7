// The part of script/bench with several instances: two of the program on one PostgreSQL and one Redis, against one of them.
// Also what each piece costs there, from which script/scale computes docs/scaling.md.

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const { BENCH_POSTGRES_URL, BENCH_POSTGRES_PID, BENCH_PSQL, BENCH_REDIS_URL } = process.env
const MEMBERS = 1000
const SECONDS = 5
const COLD_SECONDS = 20 // at most
const READINESS_SECONDS = 3
const READINESS_ROUNDS = 5
const READINESS_A_SECOND = 10 // three load balancers that ask every 300 ms
const LOG_OUTS = 20
const GIVEN_UP_MS = 20_000
const TABS = 300

/** `tools` are the functions of bench.mjs. */
export async function measureSeveral(tools) {
  const { folder, program, fill, startSite, stop, load, cpu, memory, get, getOk, say, median, fail, rounds, connections, unthrottled } = tools
  const sql = (text, url = database.href) => execFileSync(BENCH_PSQL, [url, '-Atc', text], { encoding: 'utf8' }).trim()
  const database = new URL(BENCH_POSTGRES_URL)
  database.pathname = '/bench'
  sql('CREATE DATABASE bench', BENCH_POSTGRES_URL)
  const own = {
    MEMBERS_AREA_DATABASE__URL: database.href,
    MEMBERS_AREA_CACHE__URL: BENCH_REDIS_URL,
    MEMBERS_AREA_SECOND_FACTOR__KEY: Buffer.alloc(32, 1).toString('base64'),
    // All connections may wait for a hash, also those of browsers that nobody knows.
    MEMBERS_AREA_PASSWORDS__QUEUE: '200',
    // That a member was seen is written once a minute; here it would be in some rounds and not in others.
    MEMBERS_AREA_SESSIONS__TOUCH_EVERY: '10m',
    ...unthrottled,
  }
  execFileSync(program, ['migrate'], { cwd: folder, env: { ...process.env, ...own, MEMBERS_AREA_LOG__FILE: '' } })
  const cookies = readFileSync(fill('several', MEMBERS, own), 'utf8').split('\n').filter(Boolean)
  const half = (name, part) => {
    const file = join(folder, `${name}-${part}`)
    writeFileSync(file, cookies.filter((_, index) => index % 2 === part).join('\n'))
    return file
  }
  const halves = [half('several', 0), half('several', 1)]
  const begin = (more = {}) => startSite('unused', 'warn', { ...own, ...more })
  const postgres = { child: { pid: BENCH_POSTGRES_PID } }
  const packed = { 'accept-encoding': 'gzip, deflate, br' }

  /** Two loads with half of the connections each, at two instances or both at one. */
  async function both(sites, target, seconds) {
    const used = () => sites.reduce((sum, site) => sum + cpu(site), 0)
    const [before, database_before] = [used(), cpu(postgres)]
    const at = (part) => {
      const server = sites[part % sites.length]
      const { path, page = path, ...more } = target(part)
      return load({ server, url: server.url + path, page: server.url + page, connections: connections / 2, ...more }, seconds)
    }
    const runs = await Promise.all([at(0), at(1)])
    const sum = (key) => runs.reduce((total, run) => total + run[key], 0)
    const requests = sum('requests')
    return {
      requests,
      per_second: sum('per_second'),
      p50_ms: sum('p50_ms') / 2,
      p99_ms: Math.max(...runs.map((run) => run.p99_ms)),
      cpu_us: (used() - before) / requests,
      database_us: (cpu(postgres) - database_before) / requests,
    }
  }

  /** One instance and two, in turns. Each round has instances of its own, which have nothing in memory, and an empty cache. */
  async function compare(name, seconds, target, { warm = false } = {}) {
    const runs = { one: [], two: [] }
    for (let round = 1; round <= rounds; round++) {
      for (const count of ['one', 'two']) {
        say(`Round ${round} of ${rounds}: ${name}, ${count === 'one' ? 'one instance' : 'two instances'}`)
        const prefix = { MEMBERS_AREA_CACHE__PREFIX: `${name}-${count}-${round}` }
        const sites = [await begin(prefix)]
        if (count === 'two') sites.push(await begin(prefix))
        if (warm) await both(sites, target, 1)
        runs[count].push(await both(sites, target, seconds))
        for (const site of sites) await stop(site)
      }
    }
    const middle = (all) =>
      Object.fromEntries(Object.keys(all[0]).map((key) => [key, median(all.map((run) => run[key]))]))
    const [one, two] = [middle(runs.one), middle(runs.two)]
    return { one, two, two_of_one: two.per_second / one.per_second }
  }

  const dashboard = (part) => ({ path: '/members/dashboard', headers: { cookie: cookies[part], ...packed } })
  const warm = await compare('warm', SECONDS, dashboard, { warm: true })
  const cold = await compare('cold', COLD_SECONDS, (part) => ({
    ...dashboard(part),
    script: 'cold.lua',
    env: { SESSIONS: halves[part] },
  }))
  if (cold.one.requests < MEMBERS - connections) fail(`only ${cold.one.requests} of ${MEMBERS} members had a cold dashboard`)

  // ---- Logins with the right password, each of the next member ----
  writeFileSync(
    join(folder, 'login.lua'),
    `${tools.report}
     local number = tonumber(os.getenv('FIRST'))
     wrk.method = 'POST'
     wrk.headers['content-type'] = 'application/x-www-form-urlencoded'
     wrk.headers['sec-fetch-site'] = 'same-origin'
     request = function()
       number = number % ${MEMBERS} + 1
       return wrk.format(nil, nil, nil, string.format('login=demo%06d&password=demo+members+only', number))
     end`,
  )
  const sessions = () => Number(sql('SELECT COUNT(*) FROM sessions'))
  const before = sessions()
  const login = await compare('login', SECONDS, (part) => ({
    path: '/api/accounts/log_in',
    page: '/healthz',
    headers: { accept: 'application/json' },
    script: 'login.lua',
    env: { FIRST: String((part * MEMBERS) / 2) },
  }))
  if (sessions() - before < login.one.requests) fail('logins were answered and opened no session')

  // ---- What /readyz takes, of the CPU time that the warm dashboard takes in a second ----
  // Each by itself and in turns: with both at once, what else the machine does would be counted as well.
  const calm = await begin({ MEMBERS_AREA_CACHE__URL: 'memory://' })
  const target = { server: calm, url: `${calm.url}/members/dashboard`, headers: dashboard(0).headers }
  const cpus = { warm: [], readiness: [] }
  for (let round = 1; round <= READINESS_ROUNDS; round++) {
    say(`Warm dashboard, then /readyz: round ${round} of ${READINESS_ROUNDS}`)
    const { cpu_us, per_second } = await load(target, READINESS_SECONDS)
    cpus.warm.push(cpu_us * per_second)
    const used = cpu(calm)
    for (let i = 0; i < READINESS_SECONDS * READINESS_A_SECOND; i++) {
      await getOk(`${calm.url}/readyz`)
      await sleep(1000 / READINESS_A_SECOND)
    }
    cpus.readiness.push((cpu(calm) - used) / READINESS_SECONDS)
  }
  await stop(calm)
  const readiness_percent = (median(cpus.readiness) / median(cpus.warm)) * 100

  // ---- Told at once ----
  say(`Log-outs at one instance: ${LOG_OUTS}, as the other sees them`)
  const sites = [await begin(), await begin()]
  const told = { page_ms: [], tab_ms: [] }
  for (const cookie of cookies.slice(0, LOG_OUTS)) {
    await getOk(`${sites[1].url}/members/secret`, { cookie })
    const tab = await openTab(sites[1].url, cookie)
    const out = await post(`${sites[0].url}/api/accounts/log_out`, cookie)
    const began = performance.now()
    if (out !== 303) fail(`a log-out was answered with ${out}`)
    const ended = tab.ended.then(() => performance.now() - began)
    while ((await get(`${sites[1].url}/members/secret`, { cookie })).status === 200) {
      if (performance.now() - began > GIVEN_UP_MS) fail(`the other instance knows nothing of a log-out after ${GIVEN_UP_MS} ms`)
      await sleep(2)
    }
    told.page_ms.push(performance.now() - began)
    told.tab_ms.push(await ended)
  }

  // ---- Bytes ----
  const tabs = []
  const idle = memory(sites[1])
  for (let i = 0; i < TABS; i++) tabs.push(await openTab(sites[1].url, cookies[LOG_OUTS + i]))
  const open = memory(sites[1])
  for (const site of sites) await stop(site)

  const redis_memory = () =>
    Number(execFileSync('redis-cli', ['-u', BENCH_REDIS_URL, 'info', 'memory'], { encoding: 'utf8' }).match(/used_memory:(\d+)/)[1])
  const fresh = await begin({ MEMBERS_AREA_CACHE__PREFIX: 'bytes' })
  await getOk(`${fresh.url}/accounts/login`)
  const [site_before, redis_before] = [memory(fresh), redis_memory()]
  for (const cookie of cookies.slice(LOG_OUTS)) await getOk(`${fresh.url}/members/dashboard`, { cookie, ...packed })
  const visited = MEMBERS - LOG_OUTS
  const bytes = {
    member_in_memory: ((memory(fresh) - site_before) * 2 ** 20) / visited,
    member_in_cache: (redis_memory() - redis_before) / visited,
    tab: ((open - idle) * 2 ** 20) / TABS,
  }
  await stop(fresh)
  for (const table of ['users', 'sessions', 'activity', 'known_devices']) {
    bytes[table] = Number(sql(`SELECT pg_total_relation_size('${table}') / GREATEST(COUNT(*), 1) FROM ${table}`))
  }
  return { warm, cold, login, readiness_percent, readiness_cpu_us_a_second: cpus, told, bytes }
}

/** Opens the stream of a page. Resolves once it is open, with the promise of its end. */
function openTab(url, cookie) {
  return new Promise((resolve, reject) => {
    http
      .get(`${url}/api/sessions/live`, { agent: false, headers: { cookie, accept: 'text/event-stream' } }, (response) => {
        response.once('data', () => {
          resolve({ ended: new Promise((end) => response.once('close', end)) })
        })
      })
      .on('error', reject)
  })
}

function post(url, cookie) {
  const headers = { accept: 'text/html', cookie, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
  return new Promise((resolve, reject) => {
    http
      .request(url, { method: 'POST', agent: false, headers }, (response) => {
        response.resume()
        response.on('end', () => resolve(response.statusCode))
      })
      .on('error', reject)
      .end()
  })
}

export const targetsOf = ({ warm, cold, login, readiness_percent, told }) => [
  // Where the machine has two cores, both share what one has had: nothing is gained there, and this says that little is lost.
  { name: 'two instances / one, warm dashboard', at_least: 0.8, value: warm.two_of_one },
  { name: 'two instances / one, cold dashboard', at_least: 0.8, value: cold.two_of_one },
  { name: 'two instances / one, logins', at_least: 0.8, value: login.two_of_one },
  { name: 'readiness / warm dashboard, % of CPU', at_most: 5, value: readiness_percent },
  { name: 'log-out elsewhere: pages, ms at most', at_most: 2000, value: Math.max(...told.page_ms) },
  { name: 'log-out elsewhere: open tabs, ms at most', at_most: 2000, value: Math.max(...told.tab_ms) },
]

export function printSeveral({ warm, cold, login, bytes }, row, short) {
  console.log()
  row('PostgreSQL and Redis', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs', 'database µs')
  for (const [name, { one, two }] of Object.entries({ 'warm dashboard': warm, 'cold dashboard': cold, login })) {
    for (const [count, run] of [['one instance', one], ['two instances', two]]) {
      const { per_second, p50_ms, p99_ms, cpu_us, database_us } = run
      // Cold dashboards come once for each member: their number is no rate.
      const rate = name.startsWith('cold') ? '' : short(per_second)
      row(`${name}, ${count}`, rate, short(p50_ms), short(p99_ms), short(cpu_us), short(database_us))
    }
  }
  console.log()
  for (const [name, value] of Object.entries(bytes)) row(`bytes, ${name.replaceAll('_', ' ')}`, Math.round(value))
}
