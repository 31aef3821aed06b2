// What a Node programmer would write with socket.io: whatever one says goes to all.
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

// It ends with whoever started it.
process.stdin.on('end', () => process.exit(0)).resume();
