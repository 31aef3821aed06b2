using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace RawSocketChat.Tests.Benchmarks.Peers.Serving;

/// <summary>
/// A typical server without a library: System.Net.WebSockets with <c>UseWebSockets</c>. Each connection has a bounded channel, and a task
/// that sends the messages of the channel.
/// </summary>
internal static class UseWebSocketsServer
{
    private const int QueueCapacity = 1024;
    private const int ReceiveBytes = 4096;

    public static void Map(WebApplication app)
    {
        var room = new ConcurrentDictionary<WebSocket, ChannelWriter<byte[]>>();
        app.UseWebSockets();
        app.Run(async context =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                context.Response.StatusCode = StatusCodes.Status400BadRequest;
                return;
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            var outbox = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(QueueCapacity) { SingleReader = true });
            room[socket] = outbox.Writer;
            outbox.Writer.TryWrite("ready"u8.ToArray());
            var writing = WriteAsync(socket, outbox.Reader);
            try
            {
                await ReadAsync(socket, room);
            }
            catch (WebSocketException)
            {
                // The client has closed the connection.
            }
            finally
            {
                room.TryRemove(socket, out _);
                outbox.Writer.TryComplete();
                await writing;
            }
        });
    }

    private static async Task ReadAsync(WebSocket socket, ConcurrentDictionary<WebSocket, ChannelWriter<byte[]>> room)
    {
        var buffer = new byte[ReceiveBytes];
        var length = 0;
        while (await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None) is { MessageType: WebSocketMessageType.Text } received)
        {
            length += received.Count;
            if (!received.EndOfMessage)
                continue;
            var message = buffer.AsSpan(0, length).ToArray();
            length = 0;
            foreach (var (receiver, outbox) in room)
            {
                if (!outbox.TryWrite(message))
                    receiver.Abort(); // slow consumer
            }
        }
    }

    private static async Task WriteAsync(WebSocket socket, ChannelReader<byte[]> outbox)
    {
        try
        {
            await foreach (var message in outbox.ReadAllAsync())
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        catch (Exception fault) when (fault is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client has closed the connection.
        }
    }
}
