// The plain server of CAP, with three things a test needs: it is heard on loopback only, a request may
// say what time it is, and the finance service is as forgetful about companies as the real one.
const cds = require('@sap/cds')

const FINANCE = 'FinanceAndOperations'
const USERS_COMPANY = 'usmf'

// X-Clock: the moment a change is stamped with, where a test plays what happened earlier.
function clock(req) {
  const at = cds.context.http?.req.headers['x-clock']
  if (at) Object.defineProperty(req.context, 'timestamp', { value: new Date(at), writable: true })
}

// Without cross-company=true a user sees the own company only, and is not told that there are others.
function company(req) {
  if (req.http?.req.query['cross-company'] === 'true') return
  if (req.target?.elements?.dataAreaId) req.query.where({ dataAreaId: USERS_COMPANY })
}

cds.on('bootstrap', app => {
  const listen = app.listen.bind(app)
  app.listen = port => listen(port, '127.0.0.1')
})

cds.on('served', services => {
  for (const service of Object.values(services)) {
    if (!(service instanceof cds.ApplicationService)) continue
    service.prepend(() => {
      service.before(['CREATE', 'UPDATE', 'UPSERT'], clock)
      if (service.name === FINANCE) service.before('READ', company)
    })
  }
})

module.exports = cds.server
