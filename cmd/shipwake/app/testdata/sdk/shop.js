// A shop of which a share FAIL of the requests fails.
const http = require('http');

const fail = Number(process.env.FAIL || 0);
http.createServer((request, response) => {
  response.statusCode = Math.random() < fail ? 500 : 200;
  response.end('paid');
}).listen(Number(process.env.PORT), '127.0.0.1');
