// The clients of `script/cluster --roll`: cluster-load.mjs URL SESSIONS REQUESTS UNTIL
//
// Each line of the file SESSIONS is the Cookie header of a demo member, and one client. Ends when REQUESTS were answered and the file
// UNTIL exists; exit status 1 when one was answered with anything but what it asked for.

import { existsSync, readFileSync } from 'node:fs'
import http from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'

const [site, sessions, least, until] = process.argv.slice(2)
const cookies = readFileSync(sessions, 'utf8').split('\n').filter(Boolean)
const counts = {}
const failed = []
let answered = 0

/** Status and place of a redirect, or the error. */
function ask(agent, cookie, path, fields) {
  const body = fields && new URLSearchParams(fields).toString()
  const headers = { accept: 'text/html', cookie }
  if (body) Object.assign(headers, { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' })
  return new Promise((resolve) => {
    const request = http.request(site + path, { method: body ? 'POST' : 'GET', agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(`${response.statusCode} ${response.headers.location ?? ''}`.trim()))
      response.on('error', (error) => resolve(error.message))
    })
    request.on('error', (error) => resolve(error.message))
    request.end(body)
  })
}

async function client(cookie, number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  const name = `demo${String(number + 1).padStart(6, '0')}`
  for (let turn = 0; answered < Number(least) || !existsSync(until); turn++) {
    const change = { username: name, first_name: `Turn${turn}`, last_name: '' }
    const login = { login: name, password: 'demo members only' }
    const [path, wanted, fields, who] =
      turn % 10 === 3 ? ['/api/members/save_profile', '303 /members/profile', change, cookie]
      : turn % 50 === 7 ? ['/api/accounts/log_in', '303 /members/dashboard', login, '']
      : turn % 5 === 1 ? ['/accounts/login', '200', undefined, '']
      : ['/members/dashboard', '200', undefined, cookie]
    const answer = await ask(agent, who, path, fields)
    answered += 1
    counts[path] = (counts[path] ?? 0) + 1
    if (answer !== wanted) failed.push(`${path}: ${answer}`)
    await sleep(5)
  }
  agent.destroy()
}

await Promise.all(cookies.map(client))
console.log(`==> ${Object.entries(counts).map(([path, count]) => `${count} ${path}`).join(', ')}`)
for (const what of failed.slice(0, 20)) console.log(`    ${what}`)
console.log(`==> ${failed.length} of ${answered} requests failed`)
process.exit(failed.length > 0 ? 1 : 0)
