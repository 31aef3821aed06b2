using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Contracts;

/// <summary>Runs the contract of WebSocket and raw TCP on the socket transport that the rest of the suite does not use.</summary>
internal static class OtherSockets
{
    public static string[] AddOtherTransport(string[] settings) =>
        [.. settings, "--Transport:Kind", Environment.GetEnvironmentVariable("RSC_Transport__Kind") == "kestrel" ? "sockets" : "kestrel"];
}

[Category(Categories.Slow)] // repeats the contract for a variant of a transport
public sealed class WebSocketOnOtherSocketsTests : WebSocketTransportTests
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => base.StartAsync(OtherSockets.AddOtherTransport(settings));
}

public sealed class WebSocketOverTlsOnOtherSocketsTests : WebSocketOverTlsTransportTests
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => base.StartAsync(OtherSockets.AddOtherTransport(settings));
}

[Category(Categories.Slow)] // repeats the contract for a variant of a transport
public sealed class RawTcpOnOtherSocketsTests : RawTcpTransportTests
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => base.StartAsync(OtherSockets.AddOtherTransport(settings));
}

[Category(Categories.Slow)] // repeats the contract for a variant of a transport
public sealed class WebSocketInsideItsRequestTests : WebSocketTransportTests
{
    protected override Task<ServerUnderTest> StartAsync(params string[] settings) => base.StartAsync([.. settings, "--Transport:Takeover", "false"]);
}
