using System.Text;
using System.Xml.Linq;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Runs the nc examples of Protocol/README.md. Only the address is changed.</summary>
[Category(Categories.Slow)] // runs nc
public sealed class NetcatReadmeTests
{
    [Test]
    public async Task Examples_for_nc_do_what_the_document_says()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var (ann, _) = await ChatClient.JoinAsync(server.HttpPort, "ann");
        await using var __ = ann;
        foreach (var command in ReadBlock("sh netcat"))
        {
            var output = await Shell.RunAsync(command.Replace("localhost 5081", $"127.0.0.1 {server.RawPort}", StringComparison.Ordinal));
            output.Should().NotBeEmpty($"the server answers {command}");
        }

        foreach (var (name, text) in new[] { ("nat", "hello from a script"), ("device-7", "21.5 degrees"), ("device-8", "22 degrees") })
            await ann.Inbox.ExpectAsync<MessageFrame>(message => message.From.Name == name && message.Text == text);
    }

    [Test]
    public async Task Server_sends_the_policy_file_that_the_document_shows()
    {
        await using var server = await ServerUnderTest.StartAsync();
        var served = XDocument.Parse(await XmlSocketClient.RequestPolicyAsync(server.RawPort));
        served.Root!.Elements().Where(access => access.Attribute("domain")!.Value != "localhost").Remove();
        XNode.DeepEquals(served.Root, XDocument.Parse(ReadBlock("xml policy").Single().Replace("5081", $"{server.RawPort}", StringComparison.Ordinal)).Root).Should().BeTrue($"the server sends {served}");
    }

    private static List<string> ReadBlock(string mark)
    {
        var lines = File.ReadLines(Path.Combine(Repository.Root, "Protocol", "README.md"), Encoding.UTF8)
            .SkipWhile(line => line != $"```{mark}").Skip(1).TakeWhile(line => line != "```").ToList();
        lines.Should().NotBeEmpty("the document has a block marked «{0}»", mark);
        return lines;
    }
}
