namespace RawSocketChat.Server.Connections;

/// <summary>Runs a connection from its start to the end of its stream, in the same way for all transports.</summary>
public static class ConnectionRunner
{
    /// <summary>
    /// Opens the connection, receives messages until the connection is closed or the peer's stream ends, and shuts the transport down. If the server
    /// is already stopping, or a limit of the peer's address is reached, only closes the connection and shuts the transport down. An error closes
    /// only this connection and is not thrown.
    /// </summary>
    public static async Task RunAsync(this Connection connection, ConnectionRegistry connections, ILogger logger)
    {
        connections.BeginRun();
        try
        {
            if (!connections.TryAdd(connection))
                connection.Close(Disconnect.Draining);
            else if (!connections.TryOpenAccount(connection))
                connection.Close(Disconnect.AddressLimit);
            else
            {
                await connection.Handler.OnOpenedAsync();
                await connection.Transport!.ReceiveAsync();
            }
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException)
        {
            connection.Close(Disconnect.Lost);
        }
#pragma warning disable CA1031 // an exception of one connection's handler must end only that connection
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogFault(connections, logger, connection, fault);
            connection.Close(Disconnect.Internal);
        }
        finally
        {
            // If the peer has only shut down its sending side, the connection is still open here, and the handler can still send answers.
            await RunFinalStepAsync(connection, connections, logger, static ending => ending.Handler.OnClosedAsync().AsTask());
            connections.Remove(connection);
            connections.CloseAccount(connection);
            if (connection.Fault is { } fault)
                LogFault(connections, logger, connection, fault);
        }

        await RunFinalStepAsync(connection, connections, logger, static ending => ending.Transport!.ShutdownAsync());
        connections.EndRun();
    }

    // Runs one of the last steps. Logs an exception of the step and does not throw, because the steps after this one must still run.
    private static async Task RunFinalStepAsync(Connection connection, ConnectionRegistry connections, ILogger logger, Func<Connection, Task> step)
    {
        try
        {
            await step(connection);
        }
#pragma warning disable CA1031 // the error concerns only this connection, which ends anyway
        catch (Exception fault)
#pragma warning restore CA1031
        {
            LogFault(connections, logger, connection, fault);
        }
    }

    private static void LogFault(ConnectionRegistry connections, ILogger logger, Connection connection, Exception fault)
    {
        if (connections.FaultLog.TryTake(out var dropped))
            Log.HandlerFailed(logger, fault, connection.TransportName, connection.Remote, dropped);
    }
}
