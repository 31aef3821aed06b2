using Microsoft.AspNetCore.Connections;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports;

/// <summary>
/// Runs a connection after the web server has handled its HTTP request, or from the start if the connection has no HTTP (raw TCP).
/// </summary>
internal interface IConnectionRunner
{
    /// <summary>
    /// Starts to run the connection on a pipe that is detached from Kestrel, and returns immediately. The runner disposes of the pipe at the
    /// end.
    /// </summary>
    void RunDetached(IDetachablePipe pipe);

    /// <summary>
    /// Runs a connection that Kestrel still owns (TLS, or Kestrel's own transport). Kestrel closes the connection when the task completes.
    /// </summary>
    Task RunAsync(ConnectionContext connection);

    /// <summary>
    /// If the pipe can be detached, detaches the pipe and starts the runner on the pipe. Kestrel's connection then ends immediately. Otherwise
    /// the runner uses Kestrel's connection until the connection ends.
    /// </summary>
    Task DetachAndRunAsync(ConnectionContext connection)
    {
        if (connection.Transport is not IDetachablePipe pipe)
            return RunAsync(connection);
        pipe.Detach();
        RunDetached(pipe);
        return Task.CompletedTask;
    }
}
