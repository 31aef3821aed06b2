using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;
using static RawSocketChat.Tests.Support.ChatPeerVerbs;

namespace RawSocketChat.Tests.Sessions;

/// <summary>Who one is, over the death of a real server's process.</summary>
public sealed class KilledServerTests
{
    private const string Password = "my long password";

    [Test]
    public async Task Tokens_that_were_told_and_names_that_were_kept_survive_the_kill()
    {
        using var data = new TemporaryFolder();
        var (http, raw) = (ServerUnderTest.FreePort(), ServerUnderTest.FreePort());
        string[] settings = ["--urls", $"http://127.0.0.1:{http}", "--RawTcp:Port", $"{raw}", "--Data:Path", data.Path];
        WelcomeFrame guest, account, before;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            await using var bob = await LineClient.ConnectAsync(raw);
            before = await bob.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Name = "bob", Id = FrameId.From(1) });
            account = await bob.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Register, Name = "bob", Password = Password, Id = FrameId.From(2) });
            await bob.AskAsync<JoinedFrame>(Join("lobby"));
            await bob.AskAsync<AckFrame>(Say("hi", id: "x"));
            await using var ann = await ChatClient.ConnectAsync(http, "/ws?name=ann");
            guest = await ann.Inbox.ExpectAsync<WelcomeFrame>();
            await server.KillAsync();
        }

        await using var again = await ServerProcess.StartAsync(settings);
        (await ResumeAsync(http, guest.Session)).Should().Match<WelcomeFrame>(frame => frame.User == guest.User && frame.Name == "ann" && frame.Guest);
        (await ResumeAsync(http, account.Session)).Should().Match<WelcomeFrame>(frame => frame.User == before.User && frame.Name == "bob" && !frame.Guest);
        (await ResumeAsync(http, before.Session)).User.Should().NotBe(before.User, "that token had ended");

        await using var thief = await ChatClient.ConnectAsync(http, "/ws?name=b0b&room=lobby");
        (await thief.Inbox.ExpectAsync<ErrorFrame>()).Error.Code.Should().Be(ErrorCode.NameTaken);
        (await thief.AskAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Login, Name = "Bob", Password = Password, Id = FrameId.From(3) })).User
            .Should().Be(before.User);
        (await thief.AskAsync<AckFrame>(Say("hi", id: "x"))).Duplicate.Should().BeTrue("what the guest had said is the account's own");
    }

    private static async Task<WelcomeFrame> ResumeAsync(int port, string session)
    {
        await using var peer = await ChatClient.ConnectAsync(port, $"/ws?session={session}");
        return await peer.Inbox.ExpectAsync<WelcomeFrame>();
    }
}
