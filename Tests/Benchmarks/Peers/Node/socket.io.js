// A typical socket.io server: each message goes to all connections.
'use strict';
const { createServer } = require('node:http');
const { Server } = require('socket.io');

const port = Number(process.argv[2]);
const http = createServer();
const io = new Server(http);

io.on('connection', (socket) => {
  socket.on('say', (text) => io.emit('message', text));
  socket.emit('ready');
});

http.listen(port, '127.0.0.1');

// End when standard input ends, which also happens when the parent process ends.
process.stdin.on('end', () => process.exit(0)).resume();
