namespace RawSocketChat.Server.Connections;

/// <summary>The life of a connection that is a stream, the same for all of them: opened, received from, closed, each once.</summary>
public static class ConnectionRun
{
    /// <summary>Runs the connection until it has a reason to end. Whatever goes wrong on the way is such a reason, for it alone.</summary>
    public static async Task RunAsync(this Connection connection, ConnectionRegistry connections, ILogger logger)
    {
        connections.Begin();
        try
        {
            if (connections.TryAdd(connection))
            {
                await connection.Handler.OpenedAsync();
                await connection.Transport!.ReceiveAsync();
            }
            else
                connection.Close(Disconnect.Draining);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            connection.Close(Disconnect.Lost);
        }
#pragma warning disable CA1031 // whatever one connection's handler throws ends that connection alone
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.HandlerFailed(logger, fault, connection.Way, connection.Remote);
            connection.Close(Disconnect.Internal);
        }
        finally
        {
            // Where the stream ended and the reason is still to be given, the answers to its last messages are waited for.
            await EndAsync(connection, logger, static ending => ending.Handler.ClosedAsync().AsTask());
            connections.Remove(connection);
            if (connection.Fault is { } fault)
                Log.HandlerFailed(logger, fault, connection.Way, connection.Remote);
        }

        await EndAsync(connection, logger, static ending => ending.Transport!.EndedAsync());
        connections.End();
    }

    // The end goes on, whatever one step of it meets: the peer must not hang on it, and nobody may wait for this any more.
    private static async Task EndAsync(Connection connection, ILogger logger, Func<Connection, Task> step)
    {
        try
        {
            await step(connection);
        }
#pragma warning disable CA1031 // it is that connection's alone
        catch (Exception fault)
#pragma warning restore CA1031
        {
            Log.HandlerFailed(logger, fault, connection.Way, connection.Remote);
        }
    }
}
