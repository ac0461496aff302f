// QtCore: an event loop, a thread, JSON, regular expressions, text, hashes, an exit status.
#include <QtCore>
#include <cstdio>

struct Worker : QThread {
    int result = 0;
    void run() override
    {
        static QThreadStorage<int> own;
        own.setLocalData(6);
        result = own.localData() * 7;
    }
};

int main(int argc, char **argv)
{
    QCoreApplication application(argc, argv);
    printf("%s\n", qPrintable(QStringLiteral("Größe").toUpper()));
    QJsonObject object{{"a", 1}, {"b", QJsonArray{1, "x", true}}};
    printf("%s\n", QJsonDocument(object).toJson(QJsonDocument::Compact).constData());
    QJsonParseError error;
    QJsonDocument::fromJson("{\"a\":", &error);
    printf("%s\n", qPrintable(error.errorString()));
    printf("%s\n", qPrintable(QRegularExpression("(\\d+)-(\\w+)").match("abc 12-xy").captured(2)));
    printf("%s\n", QCryptographicHash::hash("abc", QCryptographicHash::Sha256).toHex().constData());
    printf("%s\n", qPrintable(QDateTime::fromSecsSinceEpoch(86400, Qt::UTC).toString(Qt::ISODate)));
    printf("%s\n", qPrintable(QLocale::c().toString(1234567.5, 'f', 1)));
    Worker worker;
    worker.start();
    worker.wait();
    printf("%d %s\n", worker.result, worker.metaObject()->className());
    int ticks = 0;
    QTimer timer;
    QObject::connect(&timer, &QTimer::timeout, [&] {
        printf("tick %d\n", ++ticks);
        if (ticks == 3)
            application.exit(5);
    });
    timer.start(2);
    return application.exec();
}
