using Microsoft.AspNetCore.Connections;
using RawSocketChat.Server.Connections;

namespace RawSocketChat.Server.Transports;

/// <summary>What goes on with a connection that the web server has done its part for.</summary>
internal interface ITakesConnection
{
    /// <summary>Goes on with a pipe that Kestrel knows no more, to its end, and disposes of it then.</summary>
    void Take(IDetachablePipe pipe);

    /// <summary>Goes on with a connection that Kestrel still has (TLS, its own transport) to its end; then it is closed.</summary>
    Task RunAsync(ConnectionContext connection);

    /// <summary>Goes on with the pipe alone where it can be detached, so that Kestrel's connection ends with this task; else with the connection.</summary>
    Task GoOnAsync(ConnectionContext connection)
    {
        if (connection.Transport is not IDetachablePipe pipe)
            return RunAsync(connection);
        pipe.Detach();
        Take(pipe);
        return Task.CompletedTask;
    }
}
