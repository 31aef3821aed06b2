using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Contracts;

/// <summary>The ways in that meet the sockets most closely, on what the rest of the suite does not run on.</summary>
internal static class OtherSockets
{
    public static string[] With(string[] settings) =>
        [.. settings, "--Transport:Kind", Environment.GetEnvironmentVariable("RSC_Transport__Kind") == "kestrel" ? "sockets" : "kestrel"];
}

public sealed class WebSocketOnOtherSocketsTests : WebSocketTransportTests
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => base.StartAsync(OtherSockets.With(settings));
}

public sealed class WebSocketOverTlsOnOtherSocketsTests : WebSocketOverTlsTransportTests
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => base.StartAsync(OtherSockets.With(settings));
}

public sealed class RawTcpOnOtherSocketsTests : RawTcpTransportTests
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => base.StartAsync(OtherSockets.With(settings));
}

public sealed class WebSocketInsideItsRequestTests : WebSocketTransportTests
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => base.StartAsync([.. settings, "--Transport:Takeover", "false"]);
}
